#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// ISO 8601 dates and times as files write them, without leniency: what is not exactly one of the
/// forms below, or names a day that does not exist, is no date. Years 0001 to 9999.

/// "2024-02-29" → days since 1970-01-01.
std::optional<int32_t> ParseIsoDate(std::string_view text);

struct IsoTimestamp {
  int64_t micros = 0;  ///< since 1970-01-01, in UTC when has_zone
  bool has_zone = false;
  int64_t offset_micros = 0;  ///< of the zone, east of UTC
  bool exact = true;          ///< false: digits finer than microseconds were cut off
};
/// A date, 'T' or a blank, "hh:mm", ":ss" or ":ss.f", then nothing, "Z", "+hh", "+hhmm" or
/// "+hh:mm".
std::optional<IsoTimestamp> ParseIsoTimestamp(std::string_view text);

/// "hh:mm[:ss[.f]]", a fraction of up to six digits → microseconds since midnight.
std::optional<int64_t> ParseIsoTime(std::string_view text);

}  // namespace millrace
