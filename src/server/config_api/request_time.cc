#include "server/config_api/request_time.h"

#include <date/date.h>

#include <sstream>

#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

using Micros = std::chrono::microseconds;

/// Takes the ".678" out of the text; in microseconds. The parser of date has whole seconds only.
int64_t TakeFraction(std::string* text) {
  const size_t point = text->find('.');
  if (point == std::string::npos) return 0;
  int64_t fraction = 0, unit = 100'000;
  size_t end = point + 1;
  for (; end < text->size() && (*text)[end] >= '0' && (*text)[end] <= '9'; ++end) {
    fraction += ((*text)[end] - '0') * unit;
    unit /= 10;
  }
  text->erase(point, end - point);
  return fraction;
}

std::optional<int64_t> Parsed(const std::string& text, const char* format) {
  std::istringstream in(text);
  date::sys_seconds time{};
  in >> date::parse(format, time);
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  return Micros(time.time_since_epoch()).count();
}

}  // namespace

std::optional<int64_t> TimeOfIso(std::string text) {
  const int64_t fraction = TakeFraction(&text);
  for (const char* format : {"%FT%TZ", "%FT%T%Ez", "%FT%T", "%F %T", "%F"}) {
    if (const auto time = Parsed(text, format)) return *time + fraction;
  }
  return std::nullopt;
}

std::optional<int64_t> TimeOf(const Json& body, std::string_view field) {
  return TimeOfIso(TextOf(body, field));
}

std::string IsoTime(int64_t microseconds) {
  return date::format(
      "%FT%TZ", date::floor<std::chrono::seconds>(date::sys_time<Micros>(Micros(microseconds))));
}

}  // namespace millrace
