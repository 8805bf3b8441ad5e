#include "formats/utf8_text.h"

#include <algorithm>
#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace {
namespace {

/// The length that a character's first byte announces; 0 for a continuation byte.
int AnnouncedLength(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC0) return 0;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

/// The length of the character at `p`, of which `left` bytes are there; 0 when it is none.
int CharacterLength(const unsigned char* p, int64_t left) {
  const auto continues = [&](int at) { return at < left && (p[at] & 0xC0) == 0x80; };
  const unsigned char first = p[0];
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;  // a continuation, or a longer form of an ASCII character
  if (first < 0xE0) return continues(1) ? 2 : 0;
  if (!continues(1) || !continues(2)) return 0;
  if (first < 0xF0) {
    const bool longer_form = first == 0xE0 && p[1] < 0xA0;
    const bool surrogate = first == 0xED && p[1] > 0x9F;
    return longer_form || surrogate ? 0 : 3;
  }
  const bool longer_form = first == 0xF0 && p[1] < 0x90;
  const bool beyond = first > 0xF4 || (first == 0xF4 && p[1] > 0x8F);
  return !continues(3) || longer_form || beyond ? 0 : 4;
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

int64_t FirstInvalidUtf8(const char* text, int64_t size) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text);
  int64_t at = 0;
#if defined(__SSE2__)
  while (size - at >= 64) {
    const auto* const blocks = reinterpret_cast<const __m128i*>(bytes + at);
    const __m128i all =
        _mm_or_si128(_mm_or_si128(_mm_loadu_si128(blocks), _mm_loadu_si128(blocks + 1)),
                     _mm_or_si128(_mm_loadu_si128(blocks + 2), _mm_loadu_si128(blocks + 3)));
    if (_mm_movemask_epi8(all) != 0) break;
    at += 64;
  }
#endif
  while (at < size) {
#if defined(__SSE2__)
    if (size - at >= 16) {
      const auto* const block = reinterpret_cast<const __m128i*>(bytes + at);
      const auto beyond = static_cast<uint32_t>(_mm_movemask_epi8(_mm_loadu_si128(block)));
      at += beyond == 0 ? 16 : std::countr_zero(beyond);  // to the next that is not ASCII
      if (beyond == 0) continue;
    }
#endif
    const int length = CharacterLength(bytes + at, size - at);
    if (length == 0) return at;
    at += length;
  }
  return size;
}

}  // namespace millrace
