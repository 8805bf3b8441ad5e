#include "verify/number_hash.h"

#include <charconv>
#include <cmath>
#include <string>

#include "base/hash.h"

namespace millrace {
namespace {

using Wide = UInt128;

/// The most digits that always fit into 128 bits.
constexpr size_t kWideDigitsMax = 38;
constexpr int64_t kExponentMax = 1'000'000;

/// `mantissa` has no trailing zero, unless it is zero.
uint64_t HashNormal(Wide mantissa, int64_t scale, bool negative) {
  const uint64_t hash =
      MixWords(static_cast<uint64_t>(mantissa), static_cast<uint64_t>(mantissa >> 64));
  return MixWords(hash, (static_cast<uint64_t>(scale) << 1) | (negative ? 1 : 0));
}

uint64_t HashMagnitude(Wide mantissa, int64_t scale, bool negative) {
  if (mantissa == 0) return HashNormal(0, 0, false);
  while (mantissa > UINT64_MAX && mantissa % 10 == 0) mantissa /= 10, --scale;
  if (mantissa <= UINT64_MAX) {
    auto small = static_cast<uint64_t>(mantissa);
    while (small % 10 == 0) small /= 10, --scale;
    mantissa = small;
  }
  return HashNormal(mantissa, scale, negative);
}

}  // namespace

uint64_t HashDouble(double value) {
  if (std::isnan(value)) return MixWords(1, 0x4E614E);
  if (std::isinf(value)) return MixWords(value < 0 ? 2 : 3, 0x4E614E);
  constexpr double kExact = 9007199254740992.0;  // 2^53: integers up to here are themselves
  if (std::fabs(value) < kExact && value == std::floor(value)) {
    return HashInteger(static_cast<int64_t>(value));
  }
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  return *HashNumberText({text, static_cast<size_t>(end.ptr - text)});
}

uint64_t HashInteger(int64_t value) {
  const bool negative = value < 0;
  const auto magnitude = static_cast<uint64_t>(value);
  return HashMagnitude(negative ? 0 - magnitude : magnitude, 0, negative);
}

uint64_t HashDecimal(Int128 mantissa, int32_t scale) {
  const bool negative = mantissa < 0;
  const auto magnitude = static_cast<Wide>(mantissa);
  return HashMagnitude(negative ? 0 - magnitude : magnitude, scale, negative);
}

std::optional<uint64_t> HashNumberText(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;  // significant ones
  int64_t scale = 0, exponent = 0;
  bool point = false, any = false;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (point) ++scale;
      if (c != '0' || !digits.empty()) digits += c;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    std::string_view rest = text.substr(i + 1);
    if (rest.starts_with('+')) rest.remove_prefix(1);
    const auto end = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (end.ec != std::errc() || end.ptr != rest.data() + rest.size()) return std::nullopt;
    if (exponent > kExponentMax || exponent < -kExponentMax) return std::nullopt;
  }
  scale -= exponent;
  while (!digits.empty() && digits.back() == '0') digits.pop_back(), --scale;
  if (digits.size() > kWideDigitsMax) {
    return MixWords(HashBytes(digits), (static_cast<uint64_t>(scale) << 1) | (negative ? 1 : 0));
  }
  Wide mantissa = 0;
  for (const char c : digits) mantissa = mantissa * 10 + static_cast<unsigned>(c - '0');
  return HashMagnitude(mantissa, scale, negative);
}

}  // namespace millrace
