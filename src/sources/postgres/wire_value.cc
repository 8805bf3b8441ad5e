#include "sources/postgres/wire_value.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace millrace {
namespace {

struct CivilDate {
  int64_t year;
  unsigned month, day;
};

/// The proleptic Gregorian date of a day count since 1970 (H. Hinnant's "days to civil": the year
/// starts in March, so that the leap day comes last).
CivilDate CivilOf(int64_t days) {
  days += 719468;  // since 0000-03-01
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * day_of_year + 2) / 153;
  const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  const int64_t year = static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0);
  return {year, month, day_of_year - (153 * shifted + 2) / 5 + 1};
}

std::string CivilText(int64_t days, bool* before_christ) {
  const CivilDate date = CivilOf(days);
  *before_christ = date.year <= 0;
  return fmt::format("{:04}-{:02}-{:02}", *before_christ ? 1 - date.year : date.year, date.month,
                     date.day);
}

}  // namespace

ValueOutcome UuidToText(const char* p, int32_t size, std::string* text) {
  if (size != 16) return ValueOutcome::kMalformed;
  constexpr char kHex[] = "0123456789abcdef";
  text->clear();
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *text += '-';
    const auto byte = static_cast<unsigned char>(p[i]);
    *text += kHex[byte >> 4];
    *text += kHex[byte & 15];
  }
  return ValueOutcome::kOk;
}

ValueOutcome InetToText(const char* p, int32_t size, std::string* text) {
  constexpr int kHeader = 4;  // family, netmask bits, is cidr, address size
  constexpr int kIPv4 = 2, kIPv6 = 3;
  if (size < kHeader) return ValueOutcome::kMalformed;
  const auto byte = [&](int i) { return static_cast<unsigned char>(p[i]); };
  const int address_size = byte(0) == kIPv4 ? 4 : byte(0) == kIPv6 ? 16 : 0;
  if (address_size == 0 || byte(3) != address_size || size != kHeader + address_size ||
      byte(1) > address_size * 8) {
    return ValueOutcome::kMalformed;
  }
  char address[INET6_ADDRSTRLEN];
  if (inet_ntop(address_size == 4 ? AF_INET : AF_INET6, p + kHeader, address, sizeof(address)) ==
      nullptr) {
    return ValueOutcome::kMalformed;
  }
  *text = address;
  const bool is_cidr = byte(2) != 0;
  if (is_cidr || byte(1) != address_size * 8) *text += fmt::format("/{}", byte(1));
  return ValueOutcome::kOk;
}

std::string DateText(int32_t days) {
  bool before_christ = false;
  std::string text = CivilText(days, &before_christ);
  return before_christ ? text + " BC" : text;
}

std::string TimeText(int64_t micros) {
  const int64_t seconds = micros / 1'000'000;
  return fmt::format("{:02}:{:02}:{:02}.{:06}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     micros % 1'000'000);
}

std::string TimestampText(int64_t micros, const char* zone) {
  const int64_t days = micros / kMicrosPerDay - (micros % kMicrosPerDay < 0 ? 1 : 0);
  bool before_christ = false;
  const std::string date = CivilText(days, &before_christ);
  return fmt::format("{}T{}{}{}", date, TimeText(micros - days * kMicrosPerDay), zone,
                     before_christ ? " BC" : "");
}

bool IsUtf8(const char* p, size_t size) {
  const char* const end = p + size;
  while (p < end) {
    const auto lead = static_cast<unsigned char>(*p++);
    if (lead < 0x80) continue;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || end - p < more) return false;
    uint32_t code = lead & (0x3F >> more);
    for (int i = 0; i < more; ++i) {
      const auto next = static_cast<unsigned char>(*p++);
      if ((next & 0xC0) != 0x80) return false;
      code = code << 6 | (next & 0x3F);
    }
    // Not overlong, no surrogate, not beyond Unicode.
    if ((more == 2 && (code < 0x800 || (code >= 0xD800 && code < 0xE000))) ||
        (more == 3 && (code < 0x10000 || code > 0x10FFFF))) {
      return false;
    }
  }
  return true;
}

}  // namespace millrace
