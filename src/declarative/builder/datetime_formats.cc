#include "declarative/builder/datetime_formats.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "declarative/jinja/datetime_parser.h"

namespace millrace {
namespace {

/// The CDK's, in its order: the first that fits counts.
constexpr const char* kFormats[] = {"%Y-%m-%d",
                                    "%Y-%m-%d %H:%M:%S",
                                    "%Y-%m-%dT%H:%M:%SZ",
                                    "%Y-%m-%dT%H:%M:%S.%fZ",
                                    "%Y-%m-%d %H:%M:%S.%f%z",
                                    "%Y-%m-%dT%H:%M:%S.%f%z",
                                    "%s",
                                    "%ms",
                                    "%d/%m/%Y %H:%M",
                                    "%Y-%m",
                                    "%d-%m-%Y"};

/// No moment is written longer.
constexpr size_t kTextMax = 64;

/// A number counts as seconds or milliseconds of the years 2001 to 2033.
bool MayBeTimestamp(int64_t value) {
  constexpr int64_t kSeconds = 1'000'000'000, kMillis = 1'000'000'000'000;
  return (value >= kSeconds && value < 2 * kSeconds) || (value >= kMillis && value < 2 * kMillis);
}

bool MayBeMoment(const Json& value) {
  if (value.is_number_integer()) return MayBeTimestamp(value.get<int64_t>());
  if (!value.is_string()) return false;
  const std::string& text = value.get_ref<const std::string&>();
  if (text.empty() || text.size() > kTextMax) return false;
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error != std::errc() || stopped != end || MayBeTimestamp(number);
}

bool Fits(const Json& value, const std::string& format) {
  const PyValue moment = value.is_string() ? PyValue(value.get_ref<const std::string&>())
                                           : PyValue(value.get<int64_t>());
  return ParseDatetime(moment, format).ok();
}

}  // namespace

void DatetimeFormats::Add(const Json& record) {
  if (!found_) {
    found_.emplace();
    for (const auto& [name, value] : record.items()) {
      if (!MayBeMoment(value)) continue;
      const auto format = std::ranges::find_if(
          kFormats, [&value = value](const char* one) { return Fits(value, one); });
      if (format != std::end(kFormats)) found_->emplace_back(name, *format);
    }
    return;
  }
  std::erase_if(*found_, [&](const auto& candidate) {
    const auto value = record.find(candidate.first);
    return value == record.end() || !MayBeMoment(*value) || !Fits(*value, candidate.second);
  });
}

Json DatetimeFormats::Found() const {
  Json formats = Json::object();
  if (!found_) return formats;
  for (const auto& [name, format] : *found_) formats[name] = format;
  return formats;
}

}  // namespace millrace
