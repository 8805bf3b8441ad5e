#include "cli/schedule.h"

#include <nlohmann/json.hpp>

#include "base/time_zone.h"
#include "cli/yaml_section.h"
#include "control/schedule/schedule.h"

namespace millrace {
namespace {

Status CheckDaily(const YamlSection& section) {
  MR_ASSIGN_OR_RETURN(const auto text, section.Text("daily"));
  const Status known = DailyCron(text.value_or("")).status();
  return known.ok() ? known : section.ErrorAt("daily", "daily: " + known.ToString());
}

Status CheckWeekly(const YamlSection& section) {
  MR_ASSIGN_OR_RETURN(const auto days, section.Texts("weekly"));
  MR_ASSIGN_OR_RETURN(const auto text, section.Text("at"));
  const Status known = WeeklyCron(days, text.value_or("")).status();
  return known.ok() ? known : section.ErrorAt("weekly", "weekly: " + known.ToString());
}

Status CheckCron(const YamlSection& section) {
  MR_ASSIGN_OR_RETURN(const auto text, section.Text("cron"));
  MR_ASSIGN_OR_RETURN(const auto zone, section.Text("timezone"));
  const Status zone_known = CheckTimeZone(zone.value_or("UTC"));
  if (!zone_known.ok()) {
    return section.ErrorAt("timezone", "timezone: " + zone_known.ToString());
  }
  const Status known = CronSchedule(text.value_or(""), zone.value_or("UTC")).status();
  return known.ok() ? known : section.ErrorAt("cron", known.ToString());
}

}  // namespace

Result<Json> ReadSchedule(const YamlDocument& document) {
  const auto found = document.root().find("schedule");
  if (found == document.root().end() || found->is_null() || *found == Json("manual")) return Json();
  if (!found->is_object()) {
    return document.ErrorAt("/schedule",
                            "schedule must be manual, or one of {every: 6 hours}, {daily: "
                            "\"02:00\"}, {weekly: [mon], at: \"02:00\"}, {cron: \"0 2 * * *\"}");
  }
  MR_ASSIGN_OR_RETURN(const YamlSection section, YamlSection::At(document, "/schedule"));
  const std::pair<const char*, std::vector<std::string>> kinds[] = {
      {"every", {"every"}},
      {"daily", {"daily"}},
      {"weekly", {"weekly", "at"}},
      {"cron", {"cron", "timezone"}},
  };
  for (const auto& [kind, keys] : kinds) {
    if (section.Find(kind) == nullptr) continue;
    MR_RETURN_IF_ERROR(section.AllowOnly(keys));
    Status status;
    if (keys[0] == "every") status = section.Duration("every").status();
    if (keys[0] == "daily") status = CheckDaily(section);
    if (keys[0] == "weekly") status = CheckWeekly(section);
    if (keys[0] == "cron") status = CheckCron(section);
    MR_RETURN_IF_ERROR(status);
    return *found;
  }
  MR_RETURN_IF_ERROR(section.AllowOnly({"every", "daily", "weekly", "at", "cron", "timezone"}));
  return document.ErrorAt("/schedule", "schedule needs one of: every, daily, weekly, cron");
}

}  // namespace millrace
