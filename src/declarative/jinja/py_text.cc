#include "declarative/jinja/py_text.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "declarative/jinja/py_printable_ranges.h"

namespace millrace {

char32_t NextCodePoint(std::string_view text, size_t* at) {
  const auto byte = [&](size_t offset) -> unsigned {
    return *at + offset < text.size() ? static_cast<unsigned char>(text[*at + offset]) : 0;
  };
  const unsigned lead = byte(0);
  const auto follows = [&](size_t offset) { return (byte(offset) & 0xC0) == 0x80; };
  if (lead >= 0xC2 && lead < 0xE0 && follows(1)) {
    const char32_t code = (lead & 0x1F) << 6 | (byte(1) & 0x3F);
    *at += 2;
    return code;
  }
  if (lead >= 0xE0 && lead < 0xF0 && follows(1) && follows(2)) {
    const char32_t code = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    *at += 3;
    return code;
  }
  if (lead >= 0xF0 && lead < 0xF5 && follows(1) && follows(2) && follows(3)) {
    const char32_t code =
        (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    *at += 4;
    return code;
  }
  *at += 1;
  return lead;
}

void AppendCodePoint(char32_t code, std::string* text) {
  if (code < 0x80) {
    text->push_back(static_cast<char>(code));
    return;
  }
  if (code < 0x800) {
    text->push_back(static_cast<char>(0xC0 | code >> 6));
  } else {
    if (code < 0x10000) {
      text->push_back(static_cast<char>(0xE0 | code >> 12));
    } else {
      text->push_back(static_cast<char>(0xF0 | code >> 18));
      text->push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
    }
    text->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
  }
  text->push_back(static_cast<char>(0x80 | (code & 0x3F)));
}

int64_t CodePointLength(std::string_view text) {
  int64_t length = 0;
  for (size_t at = 0; at < text.size(); ++length) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
    } else {
      NextCodePoint(text, &at);
    }
  }
  return length;
}

size_t CodePointOffset(std::string_view text, int64_t index) {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) NextCodePoint(text, &at);
  return at;
}

bool IsPrintable(char32_t code) {
  if (code < 0x7F) return code >= 0x20;
  static const std::vector<uint32_t> starts = [] {
    std::vector<uint32_t> sums;
    uint32_t start = 0;
    for (const uint32_t run : kPrintableRuns) sums.push_back(start += run);
    return sums;  // where the second run starts, the third, …
  }();
  const auto run = std::upper_bound(starts.begin(), starts.end(), code) - starts.begin();
  return run % 2 == 0;
}

bool IsPySpace(char32_t code) {
  return (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x20) || code == 0x85 ||
         code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
         code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

}  // namespace millrace
