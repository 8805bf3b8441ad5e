#include "declarative/requests/iso_duration.h"

#include "declarative/jinja/py_iso_time.h"
#include "declarative/jinja/py_time.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosMax = 1000 * 365 * static_cast<int64_t>(kPyMicrosPerDay);

}  // namespace

std::optional<IsoDuration> ParseIsoDuration(std::string_view text) {
  const auto parsed = PyIsoDuration(text);
  if (!parsed.ok()) return std::nullopt;
  IsoDuration duration;
  Int128 us = 0;
  if (parsed->kind() == PyValue::Kind::kDuration) {
    const PyDuration& parts = DurationOf(*parsed);
    const double days = parts.years * 365 + parts.months * 30;
    duration.calendar = true;
    if (days > 1000 * 365 || days < -1000 * 365) return std::nullopt;
    us = parts.us + static_cast<Int128>(days * static_cast<double>(kPyMicrosPerDay));
  } else {
    us = DeltaOf(*parsed);
  }
  if (us > kMicrosMax || us < -kMicrosMax) return std::nullopt;
  duration.span = std::chrono::microseconds(static_cast<int64_t>(us));
  return duration;
}

}  // namespace millrace
