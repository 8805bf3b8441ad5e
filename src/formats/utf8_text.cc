#include "formats/utf8_text.h"

#include <simdjson.h>

#include <algorithm>

namespace millrace {
namespace {

/// The length that a character's first byte announces; 0 for a continuation byte.
int AnnouncedLength(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC0) return 0;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

}  // namespace

int64_t WholeCharacters(const char* text, int64_t size) {
  for (int64_t back = 1; back <= std::min<int64_t>(4, size); ++back) {
    const int length = AnnouncedLength(static_cast<unsigned char>(text[size - back]));
    if (length == 0) continue;
    return length > back ? size - back : size;
  }
  return size;
}

size_t FirstInvalidUtf8(std::string_view text) {
  // Halves the text until the first invalid character is found.
  size_t valid = 0;
  size_t end = text.size();
  while (valid < end) {
    size_t middle = valid + (end - valid) / 2;
    middle = valid + static_cast<size_t>(WholeCharacters(text.data() + valid,
                                                         static_cast<int64_t>(middle - valid)));
    if (middle == valid) {
      middle = std::min(end, valid + 4);
      for (size_t next = valid + 1; next <= middle; ++next) {
        if (simdjson::validate_utf8(text.data() + valid, next - valid)) {
          middle = next;
          break;
        }
        if (next == middle) return valid;
      }
      valid = middle;
    } else if (simdjson::validate_utf8(text.data() + valid, middle - valid)) {
      valid = middle;
    } else {
      end = middle;
    }
  }
  return std::min(valid, text.size());
}

}  // namespace millrace
