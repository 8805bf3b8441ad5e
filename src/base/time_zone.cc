#include "base/time_zone.h"

#include <date/tz.h>

#include <exception>
#include <string>
#include <vector>

#include "base/nearest_names.h"

namespace millrace {
namespace {

/// "; did you mean …?", or an example.
std::string Suggestion(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& zone : date::get_tzdb().zones) names.push_back(zone.name());
  const std::string near = DidYouMean(name, names);
  return near.empty() ? "; name one like Europe/Paris or UTC" : near;
}

}  // namespace

Status CheckTimeZone(std::string_view name) {
  try {
    const auto& zones = date::get_tzdb().zones;
    for (const auto& zone : zones) {
      if (zone.name() == name) return Status::Ok();
    }
    return ConfigError("there is no time zone {}{}", name, Suggestion(name));
  } catch (const std::exception& error) {
    return SystemError("the time zone {} can't be looked up; is the package tzdata installed? ({})",
                       name, error.what());
  }
}

}  // namespace millrace
