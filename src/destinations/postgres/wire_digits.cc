#include "destinations/postgres/wire_digits.h"

#include <array>

#include "destinations/postgres/wire_bytes.h"

namespace millrace {
namespace {

constexpr int kGroup = 4;
constexpr uint16_t kNegative = 0x4000;
/// The server's limits: digits before and after the point.
constexpr size_t kDigitsBefore = 131'072;
constexpr size_t kDigitsAfter = 16'383;

__extension__ typedef unsigned __int128 Unsigned128;

/// The canonical text's parts.
struct NumberParts {
  bool negative = false;
  std::string_view before;
  std::string_view after;
};

NumberParts PartsOf(std::string_view text) {
  NumberParts parts;
  if (!text.empty() && text[0] == '-') {
    parts.negative = true;
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  parts.before = text.substr(0, point);
  if (point != std::string_view::npos) parts.after = text.substr(point + 1);
  return parts;
}

void AppendHeader(size_t groups, int weight, bool negative, int scale, std::string& out) {
  AppendInt32(static_cast<int32_t>(8 + 2 * groups), out);
  AppendInt16(static_cast<int16_t>(groups), out);
  AppendInt16(static_cast<int16_t>(weight), out);
  AppendInt16(static_cast<int16_t>(negative ? kNegative : 0), out);
  AppendInt16(static_cast<int16_t>(scale), out);
}

/// `magnitude` * 10^(-4 * groups_after), shown with `scale` digits.
template <typename Unsigned>
void AppendGroups(Unsigned magnitude, bool negative, int groups_after, int scale,
                  std::string& out) {
  std::array<int16_t, 12> groups;  // the least significant first
  size_t count = 0;
  size_t zeros = 0;  // least significant groups of no value
  while (magnitude != 0) {
    const auto group = static_cast<int16_t>(magnitude % 10'000);
    magnitude /= 10'000;
    if (group == 0 && count == zeros) ++zeros;
    groups[count++] = group;
  }
  const int weight = count == 0 ? 0 : static_cast<int>(count) - 1 - groups_after;
  AppendHeader(count - zeros, weight, negative && count > 0, scale, out);
  for (size_t i = count; i > zeros; --i) AppendInt16(groups[i - 1], out);
}

}  // namespace

std::string PlainDecimal(std::string digits, int scale) {
  if (scale <= 0) return digits + std::string(static_cast<size_t>(-scale), '0');
  const size_t sign = digits.starts_with('-') ? 1 : 0;
  const auto after = static_cast<size_t>(scale);
  if (digits.size() - sign <= after) digits.insert(sign, after + 1 - (digits.size() - sign), '0');
  return digits.insert(digits.size() - after, 1, '.');
}

void AppendNumeric(const arrow::Decimal128& unscaled, int scale, std::string& out) {
  if (scale < 0) {
    AppendNumeric(PlainDecimal(unscaled.ToIntegerString(), scale), out);
    return;
  }
  const bool negative = unscaled.IsNegative();
  const arrow::Decimal128 absolute = arrow::Decimal128::Abs(unscaled);
  const int groups_after = (scale + kGroup - 1) / kGroup;
  constexpr uint64_t kPowers[] = {1, 10, 100, 1000};
  const uint64_t factor = kPowers[groups_after * kGroup - scale];
  if (absolute.high_bits() == 0 && absolute.low_bits() < UINT64_MAX / 1000) {
    return AppendGroups(absolute.low_bits() * factor, negative, groups_after, scale, out);
  }
  const Unsigned128 magnitude =
      static_cast<Unsigned128>(static_cast<uint64_t>(absolute.high_bits())) << 64 |
      absolute.low_bits();
  if (magnitude < (~Unsigned128{0}) / 1000) {
    return AppendGroups(magnitude * factor, negative, groups_after, scale, out);
  }
  AppendNumeric(PlainDecimal(unscaled.ToIntegerString(), scale), out);
}

bool FitsNumeric(std::string_view canonical) {
  const NumberParts parts = PartsOf(canonical);
  return parts.before.size() <= kDigitsBefore && parts.after.size() <= kDigitsAfter;
}

bool AppendNumeric(std::string_view canonical, std::string& out) {
  if (!FitsNumeric(canonical)) return false;
  NumberParts parts = PartsOf(canonical);
  const auto scale = static_cast<int>(parts.after.size());
  while (!parts.before.empty() && parts.before[0] == '0') parts.before.remove_prefix(1);
  // Groups are aligned at the point.
  const size_t groups_before = (parts.before.size() + kGroup - 1) / kGroup;
  const size_t groups_after = (parts.after.size() + kGroup - 1) / kGroup;
  std::string digits(groups_before * kGroup - parts.before.size(), '0');
  digits += parts.before;
  digits += parts.after;
  digits.resize((groups_before + groups_after) * kGroup, '0');
  size_t first = 0;
  size_t last = groups_before + groups_after;
  const auto empty = [&](size_t group) {
    return digits.compare(group * kGroup, kGroup, "0000") == 0;
  };
  while (first < last && empty(first)) ++first;
  while (last > first && empty(last - 1)) --last;
  const int weight = first == last ? 0 : static_cast<int>(groups_before - first) - 1;
  AppendHeader(last - first, weight, parts.negative && first < last, scale, out);
  for (size_t i = first; i < last; ++i) {
    int group = 0;
    for (int d = 0; d < kGroup; ++d) group = group * 10 + (digits[i * kGroup + d] - '0');
    AppendInt16(static_cast<int16_t>(group), out);
  }
  return true;
}

}  // namespace millrace
