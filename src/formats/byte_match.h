#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace {

/// A bit for each of the 64 bytes at `text` that equals one of `wanted`. The bytes must be
/// readable.
template <int kCount>
uint64_t MatchAny64(const char* text, const char* wanted) {
  uint64_t mask = 0;
#if defined(__SSE2__)
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + part * 16));
    __m128i found = _mm_setzero_si128();
    for (int i = 0; i < kCount; ++i) {
      found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted[i])));
    }
    mask |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(found))) << (part * 16);
  }
#else
  for (int at = 0; at < 64; ++at) {
    for (int i = 0; i < kCount; ++i) {
      if (text[at] == wanted[i]) mask |= uint64_t{1} << at;
    }
  }
#endif
  return mask;
}

}  // namespace millrace
