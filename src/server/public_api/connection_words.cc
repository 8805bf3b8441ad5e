#include "server/public_api/connection_words.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <span>

#include "server/http/json_body.h"
#include "server/public_api/stream_words.h"

namespace millrace {
namespace {

/// One word here, another there.
struct WordPair {
  std::string_view in_public;
  std::string_view in_config;
};
constexpr WordPair kNamespaces[] = {
    {"source", "source"}, {"destination", "destination"}, {"custom_format", "customformat"}};
constexpr WordPair kSchemaBehaviors[] = {{"ignore", "ignore"},
                                         {"disable_connection", "disable"},
                                         {"propagate_columns", "propagate_columns"},
                                         {"propagate_fully", "propagate_fully"}};
constexpr WordPair kStatusWords[] = {{"active", "active"}, {"inactive", "inactive"}};
constexpr std::string_view kTimeUnits[] = {"minutes", "hours", "days", "weeks", "months"};

/// A field whose values have other words in the config API.
struct WordField {
  const char* in_public;
  const char* in_config;
  std::span<const WordPair> words;
};
constexpr WordField kWordFields[] = {
    {"namespaceDefinition", "namespaceDefinition", kNamespaces},
    {"nonBreakingSchemaUpdatesBehavior", "nonBreakingChangesPreference", kSchemaBehaviors},
    {"status", "status", kStatusWords},
};
/// Fields that both have, as they are.
constexpr const char* kConnectionFields[] = {"name", "namespaceFormat", "prefix", "tags"};

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string Upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::vector<std::string> WordsOf(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

/// "Every 6 HOURS", "every hour".
Result<Json> BasicTiming(const std::string& text) {
  const auto words = WordsOf(Lower(text));
  int64_t units = words.size() == 2 ? 1 : 0;
  if (words.size() == 3) {
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), units);
  }
  std::string unit = words.empty() ? std::string() : words.back();
  if (!unit.ends_with('s')) unit += 's';
  const bool known = std::ranges::find(kTimeUnits, unit) != std::end(kTimeUnits);
  if (words.empty() || words.front() != "every" || units < 1 || !known) {
    return ConfigError(
        "basicTiming must be like \"every 6 hours\" (minutes, hours, days, weeks or "
        "months)");
  }
  return Json{{"units", units}, {"timeUnit", unit}};
}

bool IsTimeZone(const std::string& word) {
  // L, W and # are cron's; names of days and months have three letters.
  return word == "UTC" || word == "GMT" || word.find('/') != std::string::npos
             ? word.find_first_of("0123456789*?#,") == std::string::npos
             : false;
}

Json CronData(const std::string& text) {
  std::string expression = text;
  std::string zone = "UTC";
  const auto words = WordsOf(text);
  if (words.size() > 5 && IsTimeZone(words.back())) {
    zone = words.back();
    expression = text.substr(0, text.rfind(zone));
    while (expression.ends_with(' ')) expression.pop_back();
  }
  return {{"cron", {{"cronExpression", expression}, {"cronTimeZone", zone}}}};
}

}  // namespace

Result<Json> ScheduleToConfig(const Json& schedule) {
  const std::string type = schedule.is_object() ? TextOf(schedule, "scheduleType") : std::string();
  if (type == "manual") return Json{{"scheduleType", "manual"}, {"scheduleData", nullptr}};
  if (type == "cron") {
    const std::string expression = TextOf(schedule, "cronExpression");
    if (expression.empty()) return ConfigError("a cron schedule needs a cronExpression");
    return Json{{"scheduleType", "cron"}, {"scheduleData", CronData(expression)}};
  }
  if (type == "basic") {
    MR_ASSIGN_OR_RETURN(const Json basic, BasicTiming(TextOf(schedule, "basicTiming")));
    return Json{{"scheduleType", "basic"}, {"scheduleData", {{"basicSchedule", basic}}}};
  }
  return ConfigError("scheduleType must be manual, cron or basic");
}

Json ScheduleToPublic(const Json& connection) {
  const std::string type = TextOf(connection, "scheduleType");
  const Json data = connection.value("scheduleData", Json());
  if (type == "cron" && data.is_object() && data.contains("cron")) {
    std::string expression = TextOf(data["cron"], "cronExpression");
    const std::string zone = TextOf(data["cron"], "cronTimeZone");
    if (!zone.empty() && zone != "UTC") expression += " " + zone;
    return {{"scheduleType", "cron"}, {"cronExpression", expression}};
  }
  if (type == "basic" && data.is_object() && data.contains("basicSchedule")) {
    const Json& basic = data["basicSchedule"];
    return {{"scheduleType", "basic"},
            {"basicTiming", fmt::format("Every {} {}", basic.value("units", int64_t{0}),
                                        Upper(TextOf(basic, "timeUnit")))}};
  }
  return {{"scheduleType", "manual"}};
}

Result<Json> SettingsToConfig(const Json& request) {
  Json settings = Json::object();
  for (const char* field : kConnectionFields) {
    if (const auto found = request.find(field); found != request.end()) settings[field] = *found;
  }
  for (const WordField& field : kWordFields) {
    const auto found = request.find(field.in_public);
    if (found == request.end() || found->is_null()) continue;
    const std::string said = found->is_string() ? found->get<std::string>() : std::string();
    const auto word = std::ranges::find(field.words, said, &WordPair::in_public);
    if (word == field.words.end()) {
      std::string known;
      for (const WordPair& pair : field.words) {
        known += (known.empty() ? "" : ", ") + std::string(pair.in_public);
      }
      return ConfigError("{} must be one of {}", field.in_public, known);
    }
    settings[field.in_config] = word->in_config;
  }
  return settings;
}

Json ConnectionToPublic(const Json& connection) {
  Json said{{"connectionId", connection.at("connectionId")},
            {"name", TextOf(connection, "name")},
            {"sourceId", connection.at("sourceId")},
            {"destinationId", connection.at("destinationId")},
            {"workspaceId", TextOf(connection, "workspaceId")},
            {"status", TextOf(connection, "status")},
            {"schedule", ScheduleToPublic(connection)},
            {"dataResidency", "auto"}};
  for (const WordField& field : kWordFields) {
    const std::string value = TextOf(connection, field.in_config);
    const auto word = std::ranges::find(field.words, value, &WordPair::in_config);
    if (word != field.words.end()) said[field.in_public] = word->in_public;
  }
  if (const std::string format = TextOf(connection, "namespaceFormat"); !format.empty()) {
    said["namespaceFormat"] = format;
  }
  said["prefix"] = TextOf(connection, "prefix");
  said["configurations"] = CatalogToPublic(connection.value("syncCatalog", Json::object()));
  const auto created =
      connection.find(connection.contains("createdAt") ? "createdAt" : "created_at");
  said["createdAt"] = created != connection.end() && created->is_number() ? *created : Json(0);
  const Json tags = connection.value("tags", Json());
  said["tags"] = tags.is_array() ? tags : Json::array();
  if (const std::string reason = TextOf(connection, "statusReason"); !reason.empty()) {
    said["statusReason"] = reason;
  }
  return said;
}

}  // namespace millrace
