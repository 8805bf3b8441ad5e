#include "files/glob_pattern.h"

#include <cstddef>
#include <optional>

namespace millrace {
namespace {

/// A pattern whose braces would make more than this many is taken as it is written.
constexpr size_t kAlternativesMax = 1024;

/// The position after the ']' that closes the class at `at`; none when nothing closes it.
std::optional<size_t> ClassEnd(std::string_view pattern, size_t at) {
  size_t position = at + 1;
  if (position < pattern.size() && (pattern[position] == '!' || pattern[position] == '^')) {
    ++position;
  }
  if (position < pattern.size() && pattern[position] == ']') ++position;  // a member
  while (position < pattern.size() && pattern[position] != ']') ++position;
  if (position >= pattern.size()) return std::nullopt;
  return position + 1;
}

/// Whether the class "[…]" holds the character.
bool InClass(std::string_view text, char c) {
  text = text.substr(1, text.size() - 2);
  const bool negated = text.starts_with('!') || text.starts_with('^');
  if (negated) text.remove_prefix(1);
  bool found = false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (at + 2 < text.size() && text[at + 1] == '-') {
      found = found || (text[at] <= c && c <= text[at + 2]);
      at += 2;
    } else {
      found = found || text[at] == c;
    }
  }
  return found != negated;
}

/// One element of a pattern at `at` (which is no '*') against one character; moves `at` behind it.
bool MatchOne(std::string_view pattern, size_t& at, char c) {
  switch (pattern[at]) {
    case '?':
      ++at;
      return true;
    case '\\':
      if (at + 1 < pattern.size()) ++at;
      return pattern[at++] == c;
    case '[':
      if (const std::optional<size_t> end = ClassEnd(pattern, at)) {
        const std::string_view text = pattern.substr(at, *end - at);
        at = *end;
        return InClass(text, c);
      }
      [[fallthrough]];
    default:
      return pattern[at++] == c;
  }
}

/// One part of a path. Goes back to the last '*' only, so the time is the product of the sizes.
bool MatchPart(std::string_view pattern, std::string_view text) {
  if (text.starts_with('.') && !pattern.starts_with('.') && !pattern.starts_with("\\.")) {
    return false;
  }
  size_t at = 0;
  size_t position = 0;
  size_t star = std::string_view::npos;
  size_t star_position = 0;
  while (position < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = ++at;
      star_position = position;
      continue;
    }
    size_t next = at;
    if (at < pattern.size() && MatchOne(pattern, next, text[position])) {
      at = next;
      ++position;
      continue;
    }
    if (star == std::string_view::npos) return false;
    at = star;
    position = ++star_position;
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

std::vector<std::string> Cut(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t slash = text.find('/');
    parts.emplace_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

/// Whole paths, the same way: "**" is to parts what '*' is to characters.
bool MatchParts(const std::vector<std::string>& pattern, const std::vector<std::string>& parts) {
  // reached[i]: the pattern so far has matched the first i parts.
  std::vector<bool> reached(parts.size() + 1, false);
  reached[0] = true;
  for (const std::string& element : pattern) {
    std::vector<bool> next(parts.size() + 1, false);
    if (element == "**") {
      for (size_t i = 0; i <= parts.size(); ++i) {
        const bool over = i > 0 && next[i - 1] && !parts[i - 1].starts_with('.');
        next[i] = reached[i] || over;
      }
    } else {
      for (size_t i = 0; i < parts.size(); ++i) {
        next[i + 1] = reached[i] && MatchPart(element, parts[i]);
      }
    }
    reached = std::move(next);
  }
  return reached.back();
}

struct Braces {
  size_t begin = 0, end = 0;  // of "{…}"
  std::vector<std::string_view> choices;
};

/// The first pair of braces with a comma in it, outside classes and escapes.
std::optional<Braces> FindBraces(std::string_view pattern) {
  for (size_t begin = 0; begin < pattern.size(); ++begin) {
    if (pattern[begin] == '\\') ++begin;
    if (begin >= pattern.size() || pattern[begin] != '{') continue;
    Braces braces{begin, 0, {}};
    int depth = 0;
    size_t from = begin + 1;
    for (size_t at = begin + 1; at < pattern.size(); ++at) {
      const char c = pattern[at];
      if (c == '\\') {
        ++at;
      } else if (c == '{') {
        ++depth;
      } else if ((c == ',' || c == '}') && depth == 0) {
        braces.choices.push_back(pattern.substr(from, at - from));
        from = at + 1;
        if (c == ',') continue;
        braces.end = at + 1;
        break;
      } else if (c == '}') {
        --depth;
      }
    }
    if (braces.end != 0 && braces.choices.size() > 1) return braces;
  }
  return std::nullopt;
}

std::vector<std::string> Expand(std::string_view pattern) {
  std::vector<std::string> open = {std::string(pattern)};
  std::vector<std::string> done;
  while (!open.empty()) {
    const std::string next = std::move(open.back());
    open.pop_back();
    const std::optional<Braces> braces = FindBraces(next);
    if (!braces) {
      done.push_back(next);
      continue;
    }
    for (const std::string_view choice : braces->choices) {
      open.push_back(next.substr(0, braces->begin) + std::string(choice) +
                     next.substr(braces->end));
    }
    if (open.size() + done.size() > kAlternativesMax) return {std::string(pattern)};
  }
  return done;
}

}  // namespace

GlobPattern::GlobPattern(std::string_view pattern) {
  for (const std::string& alternative : Expand(pattern)) {
    alternatives_.push_back(Cut(alternative));
    prefixes_.push_back(alternative.substr(0, alternative.find_first_of("*?[\\")));
  }
}

bool GlobPattern::Matches(std::string_view key) const {
  const std::vector<std::string> parts = Cut(key);
  for (const Parts& alternative : alternatives_) {
    if (MatchParts(alternative, parts)) return true;
  }
  return false;
}

}  // namespace millrace
