#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace {

/// Walks over Avro's binary encoding without ever leaving it. Every Read says whether there was
/// enough; after a false the position means nothing. A cheap value.
class AvroCursor {
 public:
  explicit AvroCursor(std::string_view bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  int64_t left() const { return end_ - at_; }
  int64_t offset() const { return at_ - begin_; }

  /// A zigzag varint of at most 64 bits: int and long.
  bool ReadLong(int64_t* value) {
    uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return false;
      const uint8_t byte = static_cast<uint8_t>(*at_++);
      if (shift == 63 && byte > 1) return false;
      bits |= uint64_t{byte & 0x7fu} << shift;
      if (byte >= 0x80) continue;
      *value = static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
      return true;
    }
    return false;
  }

  bool ReadBytes(int64_t size, std::string_view* bytes) {
    if (size < 0 || size > left()) return false;
    *bytes = std::string_view(at_, static_cast<size_t>(size));
    at_ += size;
    return true;
  }

  /// A size, then as many bytes.
  bool ReadSized(std::string_view* bytes) {
    int64_t size = 0;
    return ReadLong(&size) && ReadBytes(size, bytes);
  }

  /// A little-endian number as it is in memory.
  template <typename T>
  bool ReadFixed(T* value) {
    if (left() < static_cast<int64_t>(sizeof(T))) return false;
    std::memcpy(value, at_, sizeof(T));
    at_ += sizeof(T);
    return true;
  }

 private:
  const char* begin_;
  const char* at_;
  const char* end_;
};

}  // namespace millrace
