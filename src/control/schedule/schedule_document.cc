#include "control/schedule/schedule_document.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

const Json& FieldOf(const Json& json, const char* name) {
  static const Json kNone;
  if (!json.is_object()) return kNone;
  const auto found = json.find(name);
  return found == json.end() ? kNone : *found;
}

std::string TextOf(const Json& json, const char* name, std::string fallback = "") {
  const Json& field = FieldOf(json, name);
  return field.is_string() ? field.get<std::string>() : std::move(fallback);
}

/// {"units": 24, "timeUnit": "hours"}
Result<Schedule> BasicSchedule(const Json& json, const char* where) {
  const Json& units = FieldOf(json, "units");
  if (!units.is_number_integer()) {
    return ConfigError(
        "{}: units must be a whole number, and timeUnit minutes, hours, days, weeks or months",
        where);
  }
  auto schedule = EverySchedule(units.get<int64_t>(), TextOf(json, "timeUnit"));
  return schedule.ok() ? std::move(schedule) : schedule.status().WithContext(where);
}

/// The cron expression of {"daily": …} or {"weekly": …}; empty when it is neither.
Result<std::string> OwnForm(const Json& data) {
  if (const std::string daily = TextOf(data, "daily"); !daily.empty()) return DailyCron(daily);
  const Json& weekly = FieldOf(data, "weekly");
  if (!weekly.is_array()) return std::string();
  std::vector<std::string> days;
  for (const Json& day : weekly) {
    if (!day.is_string()) return ConfigError("scheduleData.weekly must be a list of days");
    days.push_back(day.get<std::string>());
  }
  return WeeklyCron(days, TextOf(data, "at"));
}

Json CronData(const std::string& expression, const std::string& zone) {
  return {{"cron", {{"cronExpression", expression}, {"cronTimeZone", zone}}}};
}

Result<Schedule> OfCronData(const Json& data) {
  const Json& cron = FieldOf(data, "cron");
  const std::string expression = TextOf(cron, "cronExpression");
  if (expression.empty()) {
    return ConfigError("scheduleType is cron: scheduleData.cron.cronExpression must be given");
  }
  return CronSchedule(expression, TextOf(cron, "cronTimeZone", "UTC"));
}

}  // namespace

Result<Schedule> ScheduleFromDocument(const Json& document) {
  Json full = document;
  MR_RETURN_IF_ERROR(NormalizeSchedule(&full));
  const std::string type = TextOf(full, "scheduleType");
  const Json& data = FieldOf(full, "scheduleData");
  if (type == "cron") return OfCronData(data);
  if (type == "basic") {
    return BasicSchedule(FieldOf(data, "basicSchedule"), "scheduleData.basicSchedule");
  }
  return Schedule();
}

Status NormalizeSchedule(Json* document) {
  Json& json = *document;
  std::string type = TextOf(json, "scheduleType");
  const Json data = FieldOf(json, "scheduleData");
  const Json older = FieldOf(json, "schedule");
  MR_ASSIGN_OR_RETURN(const std::string own, OwnForm(data));
  if (type.empty() && !FieldOf(data, "cron").is_null()) type = "cron";
  if (type.empty() && (!FieldOf(data, "basicSchedule").is_null() || older.is_object())) {
    type = "basic";
  }
  if (type.empty()) type = own.empty() ? "manual" : "cron";
  json["scheduleType"] = type;
  if (type == "manual") {
    json.erase("scheduleData");
    json.erase("schedule");
    return Status::Ok();
  }
  if (type == "cron") {
    if (!own.empty()) json["scheduleData"] = CronData(own, TextOf(data, "timezone", "UTC"));
    json.erase("schedule");
    MR_RETURN_IF_ERROR(OfCronData(FieldOf(json, "scheduleData")).status());
    Json& cron = json["scheduleData"]["cron"];
    const std::string expression = TextOf(cron, "cronExpression");
    json["scheduleData"] = CronData(expression, TextOf(cron, "cronTimeZone", "UTC"));
    return Status::Ok();
  }
  if (type != "basic") {
    return ConfigError("scheduleType is {}; it may be manual, basic or cron", type);
  }
  const Json& given = FieldOf(data, "basicSchedule");
  const Json basic = given.is_object() ? given : older;
  const char* where = given.is_object() ? "scheduleData.basicSchedule" : "schedule";
  MR_RETURN_IF_ERROR(BasicSchedule(basic, where).status());
  json["schedule"] = {{"units", basic["units"]}, {"timeUnit", basic["timeUnit"]}};
  json["scheduleData"] = {
      {"basicSchedule", {{"timeUnit", basic["timeUnit"]}, {"units", basic["units"]}}}};
  return Status::Ok();
}

}  // namespace millrace
