#include "declarative/jinja/py_case.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "declarative/jinja/py_case_tables.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

char32_t Mapped(std::span<const CaseRun> runs, char32_t code) {
  const auto run = std::partition_point(runs.begin(), runs.end(),
                                        [code](const CaseRun& each) { return each.last < code; });
  if (run == runs.end() || code < run->first || (code - run->first) % run->step != 0) return code;
  return static_cast<char32_t>(static_cast<int64_t>(code) + run->distance);
}

const CaseSequence* SequenceOf(char32_t code) {
  const auto sequence = std::lower_bound(
      std::begin(kUpperSequences), std::end(kUpperSequences), code,
      [](const CaseSequence& each, char32_t wanted) { return each.code < wanted; });
  const bool found = sequence != std::end(kUpperSequences) && sequence->code == code;
  return found ? sequence : nullptr;
}

void AppendLower(char32_t code, std::string* text) {
  if (code < 0x80) {
    text->push_back(static_cast<char>(code >= 'A' && code <= 'Z' ? code | 0x20 : code));
    return;
  }
  if (code == 0x130) {  // İ
    *text += "i\u0307";
    return;
  }
  AppendCodePoint(Mapped(kLowerRuns, code), text);
}

// Two letters in one character (ǆ), which has a form for the start of a word, between the two
// others.
bool IsDigraph(char32_t code) {
  return (code >= 0x1C4 && code <= 0x1CC) || (code >= 0x1F1 && code <= 0x1F3);
}
char32_t TitleOfDigraph(char32_t code) {
  const char32_t first = code >= 0x1F1 ? 0x1F1 : 0x1C4;
  return first + (code - first) / 3 * 3 + 1;
}

/// `title`: at the start of a word, where ß is Ss.
void AppendUpper(char32_t code, bool title, std::string* text) {
  if (code < 0x80) {
    text->push_back(static_cast<char>(code >= 'a' && code <= 'z' ? code & ~0x20U : code));
    return;
  }
  if (title && IsDigraph(code)) return AppendCodePoint(TitleOfDigraph(code), text);
  const CaseSequence* const sequence = SequenceOf(code);
  if (sequence == nullptr) return AppendCodePoint(Mapped(kUpperRuns, code), text);
  bool first = true;
  for (const uint32_t part : sequence->to) {
    if (part == 0) break;
    if (first || !title) {
      AppendCodePoint(part, text);
    } else {
      AppendLower(part, text);
    }
    first = false;
  }
}

template <typename Append>
std::string MapEach(std::string_view text, Append append) {
  std::string mapped;
  mapped.reserve(text.size());
  for (size_t at = 0; at < text.size();) append(NextCodePoint(text, &at), &mapped);
  return mapped;
}

}  // namespace

bool IsPyUpper(char32_t code) { return Mapped(kLowerRuns, code) != code || code == 0x130; }
bool IsPyLower(char32_t code) {
  return !IsPyUpper(code) && (Mapped(kUpperRuns, code) != code || SequenceOf(code) != nullptr);
}

std::string PyLower(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  bool inside = false;  // of a word
  for (size_t at = 0; at < text.size();) {
    const char32_t code = NextCodePoint(text, &at);
    size_t after = at;
    const char32_t next = after < text.size() ? NextCodePoint(text, &after) : 0;
    if (code == 0x3A3 && inside && !IsPyUpper(next) && !IsPyLower(next)) {
      lower += "\u03C2";  // a sigma that ends a word
    } else {
      AppendLower(code, &lower);
    }
    inside = IsPyUpper(code) || IsPyLower(code);
  }
  return lower;
}

std::string PyUpper(std::string_view text) {
  return MapEach(text,
                 [](char32_t code, std::string* out) { AppendUpper(code, /*title=*/false, out); });
}

std::string PySwapCase(std::string_view text) {
  return MapEach(text, [](char32_t code, std::string* out) {
    if (IsPyUpper(code)) {
      AppendLower(code, out);
    } else {
      AppendUpper(code, /*title=*/false, out);
    }
  });
}

std::string PyCapitalize(std::string_view text) {
  return MapEach(text, [first = true](char32_t code, std::string* out) mutable {
    if (first) {
      AppendUpper(code, /*title=*/true, out);
    } else {
      AppendLower(code, out);
    }
    first = false;
  });
}

std::string PyTitle(std::string_view text) {
  return MapEach(text, [inside = false](char32_t code, std::string* out) mutable {
    if (inside) {
      AppendLower(code, out);
    } else {
      AppendUpper(code, /*title=*/true, out);
    }
    inside = IsPyUpper(code) || IsPyLower(code);
  });
}

}  // namespace millrace
