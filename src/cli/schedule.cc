#include "cli/schedule.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/cron_expression.h"
#include "base/time_zone.h"
#include "cli/yaml_section.h"

namespace millrace {
namespace {

constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

bool IsTimeOfDay(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return false;
  int hour = -1, minute = -1;
  const auto first = std::from_chars(text.data(), text.data() + 2, hour);
  const auto second = std::from_chars(text.data() + 3, text.data() + 5, minute);
  return first.ptr == text.data() + 2 && second.ptr == text.data() + 5 && hour >= 0 && hour < 24 &&
         minute >= 0 && minute < 60;
}

Status CheckTimeOfDay(const YamlSection& section, const std::string& key) {
  MR_ASSIGN_OR_RETURN(const auto text, section.Text(key));
  if (text && IsTimeOfDay(*text)) return Status::Ok();
  return section.ErrorAt(key, key + " must be a time of day in quotes, like \"02:00\"");
}

Status CheckWeekly(const YamlSection& section) {
  MR_ASSIGN_OR_RETURN(const auto days, section.Texts("weekly"));
  for (const std::string& day : days) {
    if (std::find(std::begin(kDays), std::end(kDays), day) != std::end(kDays)) continue;
    return section.ErrorAt(
        "weekly", fmt::format("weekly has the day {}; allowed: {}", day, fmt::join(kDays, ", ")));
  }
  if (days.empty()) return section.ErrorAt("weekly", "weekly must be a list of days");
  return CheckTimeOfDay(section, "at");
}

Status CheckCron(const YamlSection& section) {
  MR_ASSIGN_OR_RETURN(const auto text, section.Text("cron"));
  if (const auto cron = ParseCronExpression(text.value_or("")); !cron.ok()) {
    return section.ErrorAt(
        "cron", fmt::format("cron \"{}\": {}", text.value_or(""), cron.status().ToString()));
  }
  MR_ASSIGN_OR_RETURN(const auto zone, section.Text("timezone"));
  if (!zone) return Status::Ok();
  const Status known = CheckTimeZone(*zone);
  return known.ok() ? known : section.ErrorAt("timezone", "timezone: " + known.ToString());
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
    if (keys[0] == "daily") status = CheckTimeOfDay(section, "daily");
    if (keys[0] == "weekly") status = CheckWeekly(section);
    if (keys[0] == "cron") status = CheckCron(section);
    MR_RETURN_IF_ERROR(status);
    return *found;
  }
  MR_RETURN_IF_ERROR(section.AllowOnly({"every", "daily", "weekly", "at", "cron", "timezone"}));
  return document.ErrorAt("/schedule", "schedule needs one of: every, daily, weekly, cron");
}

}  // namespace millrace
