#include "declarative/jinja/py_glob.h"

#include <cstddef>

#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

/// Where the set that starts behind `at` (which is its "[") closes; npos: it is no set.
size_t SetEnd(std::string_view pattern, size_t at) {
  size_t end = at + 1;
  if (end < pattern.size() && pattern[end] == '!') ++end;
  if (end < pattern.size() && pattern[end] == ']') ++end;
  return pattern.find(']', end);
}

/// `set` is what stands between the brackets.
bool SetContains(std::string_view set, char32_t code) {
  const bool negated = set.front() == '!';
  size_t at = negated ? 1 : 0;
  bool found = false;
  while (at < set.size()) {
    const char32_t low = NextCodePoint(set, &at);
    char32_t high = low;
    // A hyphen between two characters makes a range; one at the end stands for itself.
    if (at + 1 < set.size() && set[at] == '-') {
      ++at;
      high = NextCodePoint(set, &at);
    }
    found |= low <= code && code <= high;
  }
  return found != negated;
}

/// Whether one element of the pattern, at `*at`, takes `code`; moves `*at` behind it.
bool ElementMatches(std::string_view pattern, size_t* at, char32_t code) {
  if (pattern[*at] == '?') {
    ++*at;
    return true;
  }
  if (pattern[*at] == '[') {
    const size_t end = SetEnd(pattern, *at);
    if (end != std::string_view::npos) {
      const std::string_view set = pattern.substr(*at + 1, end - *at - 1);
      *at = end + 1;
      return SetContains(set, code);
    }
  }
  return NextCodePoint(pattern, at) == code;
}

}  // namespace

bool PyGlobMatches(std::string_view pattern, std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
  size_t in_pattern = 0, in_text = 0;
  size_t behind_star = kNone, retry_at = 0;  // the last star, and what it takes up to
  while (in_text < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      behind_star = ++in_pattern;
      retry_at = in_text;
      continue;
    }
    size_t next_text = in_text, next_pattern = in_pattern;
    const char32_t code = NextCodePoint(text, &next_text);
    if (in_pattern < pattern.size() && ElementMatches(pattern, &next_pattern, code)) {
      in_pattern = next_pattern;
      in_text = next_text;
      continue;
    }
    if (behind_star == kNone) return false;
    NextCodePoint(text, &retry_at);
    in_text = retry_at;
    in_pattern = behind_star;
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == '*') ++in_pattern;
  return in_pattern == pattern.size();
}

bool IsPyGlob(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace millrace
