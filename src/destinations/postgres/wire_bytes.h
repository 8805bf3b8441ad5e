#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace millrace {

// Integers in the byte order of PostgreSQL's protocol, appended to `out`.

inline void AppendInt16(int16_t value, std::string& out) {
  const uint16_t swapped = __builtin_bswap16(static_cast<uint16_t>(value));
  out.append(reinterpret_cast<const char*>(&swapped), sizeof(swapped));
}

inline void AppendInt32(int32_t value, std::string& out) {
  const uint32_t swapped = __builtin_bswap32(static_cast<uint32_t>(value));
  out.append(reinterpret_cast<const char*>(&swapped), sizeof(swapped));
}

inline void AppendInt64(int64_t value, std::string& out) {
  const uint64_t swapped = __builtin_bswap64(static_cast<uint64_t>(value));
  out.append(reinterpret_cast<const char*>(&swapped), sizeof(swapped));
}

/// A field of eight bytes: its length, then the value; one append.
inline void AppendInt64Field(int64_t value, std::string& out) {
  char field[12];
  const uint32_t size = __builtin_bswap32(8);
  const uint64_t swapped = __builtin_bswap64(static_cast<uint64_t>(value));
  std::memcpy(field, &size, 4);
  std::memcpy(field + 4, &swapped, 8);
  out.append(field, sizeof(field));
}

}  // namespace millrace
