#include "control/logs/log_event.h"

#include <fmt/chrono.h>

#include <nlohmann/json.hpp>

#include "base/lower_case.h"

namespace millrace {
namespace {

/// Airbyte's version of `events`.
constexpr const char* kEventsVersion = "1";

std::string TextIn(const Json& document, const char* field) {
  const auto found = document.find(field);
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

Json ToJson(const LogEvent& event) {
  Json json = {{"timestamp", event.timestamp},
               {"message", event.message},
               // Lower-case in Airbyte's events, upper-case in its lines.
               {"level", LowerCaseOf(event.level)},
               {"logSource", event.log_source}};
  if (!event.stack_trace.empty()) json["stackTrace"] = event.stack_trace;
  return json;
}

LogEvent LogEventOf(std::string_view line) {
  LogEvent event;
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    event.message = line;
    return event;
  }
  const auto timestamp = json.find("timestamp");
  if (timestamp != json.end() && timestamp->is_number_integer()) {
    event.timestamp = timestamp->get<int64_t>();
  }
  event.message = TextIn(json, "message");
  event.stack_trace = TextIn(json, "stackTrace");
  if (std::string level = TextIn(json, "level"); !level.empty()) {
    for (char& c : level) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    event.level = std::move(level);
  }
  if (std::string source = TextIn(json, "logSource"); !source.empty()) {
    event.log_source = std::move(source);
  }
  return event;
}

std::string ToText(const LogEvent& event) {
  std::string text = fmt::format("{:%Y-%m-%d %H:%M:%S} {} {}: {}",
                                 fmt::gmtime(static_cast<time_t>(event.timestamp / 1000)),
                                 event.level, event.log_source, event.message);
  if (!event.stack_trace.empty()) text += "\n" + event.stack_trace;
  return text;
}

std::vector<LogEvent> LogEventsOf(std::string_view lines) {
  std::vector<LogEvent> events;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    if (end != 0) events.push_back(LogEventOf(lines.substr(0, end)));
    if (end == std::string_view::npos) break;
    lines.remove_prefix(end + 1);
  }
  return events;
}

Json LogsReply(const std::vector<LogEvent>& events) {
  Json reply = {
      {"logLines", Json::array()}, {"events", Json::array()}, {"version", kEventsVersion}};
  for (const LogEvent& event : events) {
    reply["logLines"].push_back(ToText(event));
    reply["events"].push_back(ToJson(event));
  }
  return reply;
}

}  // namespace millrace
