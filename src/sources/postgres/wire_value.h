#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "clients/postgres/pg_epoch.h"

namespace millrace {

/// How decoding one value ended.
enum class ValueOutcome : uint8_t {
  kOk,
  kNulled,     // PostgreSQL's value has no counterpart: null, and a field change
  kTruncated,  // something of it was lost: kept, and a field change
  kMalformed,  // not what the type's wire format allows
};

/// One field of a tuple; size -1: NULL. Points into the chunk being read.
struct WireField {
  const char* data = nullptr;
  int32_t size = -1;
};

// Numbers on the wire are big-endian.
inline uint16_t WireUInt16(const char* p) {
  uint16_t value;
  std::memcpy(&value, p, 2);
  return __builtin_bswap16(value);
}
inline uint32_t WireUInt32(const char* p) {
  uint32_t value;
  std::memcpy(&value, p, 4);
  return __builtin_bswap32(value);
}
inline uint64_t WireUInt64(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, 8);
  return __builtin_bswap64(value);
}
inline int16_t WireInt16(const char* p) { return static_cast<int16_t>(WireUInt16(p)); }
inline int32_t WireInt32(const char* p) { return static_cast<int32_t>(WireUInt32(p)); }
inline int64_t WireInt64(const char* p) { return static_cast<int64_t>(WireUInt64(p)); }

inline ValueOutcome DecodeInt2(const char* p, int32_t size, int64_t* value) {
  if (size != 2) return ValueOutcome::kMalformed;
  *value = WireInt16(p);
  return ValueOutcome::kOk;
}

inline ValueOutcome DecodeInt4(const char* p, int32_t size, int64_t* value) {
  if (size != 4) return ValueOutcome::kMalformed;
  *value = WireInt32(p);
  return ValueOutcome::kOk;
}

inline ValueOutcome DecodeInt8(const char* p, int32_t size, int64_t* value) {
  if (size != 8) return ValueOutcome::kMalformed;
  *value = WireInt64(p);
  return ValueOutcome::kOk;
}

inline ValueOutcome DecodeOid(const char* p, int32_t size, int64_t* value) {
  if (size != 4) return ValueOutcome::kMalformed;
  *value = WireUInt32(p);
  return ValueOutcome::kOk;
}

/// Days since 1970. Infinity is nulled.
inline ValueOutcome DecodeDate(const char* p, int32_t size, int32_t* days) {
  if (size != 4) return ValueOutcome::kMalformed;
  const int32_t value = WireInt32(p);
  if (value == std::numeric_limits<int32_t>::max() ||
      value == std::numeric_limits<int32_t>::min() ||
      __builtin_add_overflow(value, kPgEpochDays, days)) {
    return ValueOutcome::kNulled;
  }
  return ValueOutcome::kOk;
}

/// Microseconds since 1970. Infinity, and the last 30 years of PostgreSQL's range, are nulled.
inline ValueOutcome DecodeTimestamp(const char* p, int32_t size, int64_t* micros) {
  if (size != 8) return ValueOutcome::kMalformed;
  const int64_t value = WireInt64(p);
  if (value == std::numeric_limits<int64_t>::max() ||
      value == std::numeric_limits<int64_t>::min() ||
      __builtin_add_overflow(value, kPgEpochMicros, micros)) {
    return ValueOutcome::kNulled;
  }
  return ValueOutcome::kOk;
}

/// Microseconds since midnight. 24:00:00 is nulled: Arrow's day ends before it.
inline ValueOutcome DecodeTime(const char* p, int32_t size, int64_t* micros) {
  if (size != 8) return ValueOutcome::kMalformed;
  *micros = WireInt64(p);
  if (*micros < 0 || *micros > kMicrosPerDay) return ValueOutcome::kMalformed;
  return *micros == kMicrosPerDay ? ValueOutcome::kNulled : ValueOutcome::kOk;
}

inline ValueOutcome DecodeFloat4(const char* p, int32_t size, double* value) {
  if (size != 4) return ValueOutcome::kMalformed;
  const uint32_t bits = WireUInt32(p);
  float single;
  std::memcpy(&single, &bits, 4);
  *value = single;
  return std::isfinite(single) ? ValueOutcome::kOk : ValueOutcome::kNulled;
}

inline ValueOutcome DecodeFloat8(const char* p, int32_t size, double* value) {
  if (size != 8) return ValueOutcome::kMalformed;
  const uint64_t bits = WireUInt64(p);
  std::memcpy(value, &bits, 8);
  return std::isfinite(*value) ? ValueOutcome::kOk : ValueOutcome::kNulled;
}

// Text forms. `text` is replaced.
ValueOutcome UuidToText(const char* p, int32_t size, std::string* text);
/// "192.168.0.1", "10.0.0.0/8", "::1": as PostgreSQL prints inet and cidr.
ValueOutcome InetToText(const char* p, int32_t size, std::string* text);

// ISO forms that PostgreSQL reads back, for cursors; years before 1 end in " BC".
std::string DateText(int32_t days);                           // "2024-02-29"
std::string TimestampText(int64_t micros, const char* zone);  // "2024-02-29T13:00:05.012345" + zone
std::string TimeText(int64_t micros);                         // "13:00:05.012345"

/// Whether the bytes are UTF-8: only a server with the encoding SQL_ASCII sends others.
bool IsUtf8(const char* p, size_t size);

}  // namespace millrace
