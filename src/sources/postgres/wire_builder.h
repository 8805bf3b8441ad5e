#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// For tests: writes COPY's binary format by hand.
class WireBuilder {
 public:
  WireBuilder() : bytes_("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19) {}

  template <typename Int>
  static std::string BigEndian(Int value) {
    std::string bytes;
    for (int shift = static_cast<int>(sizeof(Int)) * 8 - 8; shift >= 0; shift -= 8) {
      bytes += static_cast<char>(static_cast<uint64_t>(value) >> shift);
    }
    return bytes;
  }
  static std::string Int2(int16_t value) { return BigEndian(value); }
  static std::string Int4(int32_t value) { return BigEndian(value); }
  static std::string Int8(int64_t value) { return BigEndian(value); }

  /// sign: 0 positive, 0x4000 negative, 0xC000 NaN.
  static std::string Numeric(std::vector<int16_t> digits, int16_t weight, uint16_t sign = 0,
                             int16_t display_scale = 0) {
    std::string bytes = Int2(static_cast<int16_t>(digits.size())) + Int2(weight) + BigEndian(sign) +
                        Int2(display_scale);
    for (const int16_t digit : digits) bytes += Int2(digit);
    return bytes;
  }

  static std::string List(uint32_t element_oid, std::vector<int32_t> dimensions,
                          const std::vector<std::optional<std::string>>& elements) {
    std::string bytes =
        Int4(static_cast<int32_t>(dimensions.size())) + Int4(0) + BigEndian(element_oid);
    for (const int32_t size : dimensions) bytes += Int4(size) + Int4(1);
    for (const auto& element : elements) bytes += Field(element);
    return bytes;
  }

  WireBuilder& Row(const std::vector<std::optional<std::string>>& fields) {
    bytes_ += Int2(static_cast<int16_t>(fields.size()));
    for (const auto& field : fields) bytes_ += Field(field);
    return *this;
  }
  std::string End() const { return bytes_ + Int2(-1); }
  const std::string& bytes() const { return bytes_; }

 private:
  static std::string Field(const std::optional<std::string>& field) {
    return field ? Int4(static_cast<int32_t>(field->size())) + *field : Int4(-1);
  }

  std::string bytes_;
};

}  // namespace millrace
