#include "external/connector_words.h"

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_parsing.h"
#include "base/log.h"
#include "base/secrets.h"
#include "external/short_strings.h"
#include "external/trace_error.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

struct LevelName {
  std::string_view name;
  LogLevel level;
};
constexpr LevelName kLevels[] = {{"FATAL", LogLevel::kError}, {"ERROR", LogLevel::kError},
                                 {"WARN", LogLevel::kWarn},   {"WARNING", LogLevel::kWarn},
                                 {"INFO", LogLevel::kInfo},   {"DEBUG", LogLevel::kDebug},
                                 {"TRACE", LogLevel::kDebug}};

std::string TextAt(const Json& object, const char* key) {
  const Json value = object.is_object() ? object.value(key, Json()) : Json();
  return value.is_string() ? value.get<std::string>() : "";
}

/// Secrets are struck out first: half of one would not be known.
std::string Shortened(const std::string& text) {
  constexpr size_t kBytesMax = 64 << 10;
  if (text.size() <= kBytesMax) return text;
  std::string redacted = Secrets::Redact(text);
  if (redacted.size() <= kBytesMax) return redacted;
  redacted.resize(static_cast<size_t>(WholeCharacters(redacted.data(), kBytesMax)));
  return redacted + "…";
}

void LogAsItSays(const Json& log) {
  LogLevel level = LogLevel::kInfo;
  const std::string said = TextAt(log, "level");
  for (const LevelName& known : kLevels) {
    if (known.name == said) level = known.level;
  }
  Log(level, "{}", Shortened(TextAt(log, "message")));
  const std::string trace = Shortened(TextAt(log, "stack_trace"));
  if (!trace.empty()) Log(level, "{}", trace);
}

/// The types of the protocol that carry something: none of them may get lost.
constexpr std::string_view kCarryingTypes[] = {"RECORD", "STATE"};
constexpr std::string_view kOtherTypes[] = {
    "TRACE", "LOG", "CONTROL", "SPEC", "CATALOG", "CONNECTION_STATUS", "DESTINATION_CATALOG"};

/// Whether `"type": "RECORD"` or the like stands anywhere in it.
bool NamesCarryingType(std::string_view line) {
  constexpr std::string_view kKey = "\"type\"", kSpace = " \t";
  for (size_t at = 0; (at = line.find(kKey, at)) != std::string_view::npos;) {
    at += kKey.size();
    std::string_view rest = line.substr(at);
    rest.remove_prefix(std::min(rest.find_first_not_of(kSpace), rest.size()));
    if (!rest.starts_with(':')) continue;
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(kSpace), rest.size()));
    for (const std::string_view type : kCarryingTypes) {
      if (rest.starts_with('"') && rest.substr(1).starts_with(type)) return true;
    }
  }
  return false;
}

/// Whether a JSON object has what records and states have.
bool CarriesSomething(const Json& object) {
  for (const char* member : {"record", "state"}) {
    if (const auto found = object.find(member); found != object.end() && found->is_object()) {
      return true;
    }
  }
  return false;
}

/// Whether a line that is no message was to be one: half of it, with other bytes in it, or without
/// its type. Log lines in JSON of another kind are none. `cut`: its end is missing.
bool WasToBeMessage(std::string_view line, bool cut) {
  if (NamesCarryingType(line)) return true;
  constexpr std::string_view kMarkAndZeros("\xEF\xBB\xBF\0 \t", 6);
  const size_t begin = line.find_first_not_of(kMarkAndZeros);
  if (begin == std::string_view::npos || line[begin] != '{') return false;
  constexpr size_t kTextBytesMax = 1 << 10;
  const std::string beginnings = WithShortStrings(line, kTextBytesMax);
  if (!Json::accept(beginnings)) {
    const size_t next = line.find_first_not_of(" \t", begin + 1);
    return cut || (next != std::string_view::npos && line[next] == '"');
  }
  const Json object = ParseJson(beginnings);
  // What is too deep to look at may be anything.
  return object.is_discarded() || (object.is_object() && CarriesSomething(object));
}

/// Whether it has what a message of the protocol has, whatever its type says: a newer protocol's
/// messages bring keys of their own. (A loss of LOG is none.)
bool HasMemberOfMessage(const Json& object) {
  static constexpr const char* kMembers[] = {"record",  "state", "trace",           "control",
                                             "catalog", "spec",  "connectionStatus"};
  return std::ranges::any_of(kMembers, [&object](const char* member) {
    const auto found = object.find(member);
    return found != object.end() && found->is_object();
  });
}

bool IsKnownType(std::string_view type) {
  const auto is = [type](std::string_view known) { return known == type; };
  return std::ranges::any_of(kCarryingTypes, is) || std::ranges::any_of(kOtherTypes, is);
}

/// The end of what it said, where the reason often stands a few lines above the last one (a
/// traceback, an engine's hint): "; its last lines: a | b".
std::string LastLinesText(const std::vector<std::string>& lines) {
  constexpr size_t kShownMax = 5;
  if (lines.empty()) return "";
  const size_t first = lines.size() - std::min(lines.size(), kShownMax);
  std::vector<std::string> shown;
  for (size_t i = first; i < lines.size(); ++i) {
    std::string words =
        WordsOf(lines[i].substr(std::min(lines[i].find_first_not_of(" \t"), lines[i].size())));
    if (!words.empty()) shown.push_back(std::move(words));
  }
  return fmt::format("; its last {}: {}", shown.size() == 1 ? "line" : "lines",
                     fmt::join(shown, " | "));
}

bool FromOutside(int signal) { return signal == SIGKILL || signal == SIGTERM; }

}  // namespace

ConnectorWords::ConnectorWords(KeepConfig keep_config)
    : keep_config_(std::move(keep_config)),
      other_lines_([](std::string_view line) { Log(LogLevel::kInfo, "{}", line); }) {}

Status ConnectorWords::TakeOtherLine(std::string_view line, int64_t number, std::string_view fault,
                                     bool cut) {
  if (WasToBeMessage(line, cut)) {
    return Fault(number, fmt::format("this is half a message, or a damaged one: {}", fault));
  }
  other_lines_.Append(line);
  other_lines_.End();
  return Status::Ok();
}

Status ConnectorWords::TakeMessage(const std::string& type, const Json& message, int64_t number) {
  if (!IsKnownType(type)) return TakeUnknown(type, message, number);
  if (type == "LOG") LogAsItSays(message.value("log", Json()));
  if (type == "CONTROL") return TakeControl(message);
  if (type == "SPEC" || type == "CONNECTION_STATUS" || type == "CATALOG") {
    answers_.insert_or_assign(type, JsonValue(message));
  }
  return Status::Ok();
}

/// Of a newer protocol, of something that logs in JSON, or a message with a damaged type.
Status ConnectorWords::TakeUnknown(const std::string& type, const Json& message, int64_t number) {
  if (HasMemberOfMessage(message)) {
    return Fault(number, fmt::format("there is no message of type {} (RECORD, STATE, …)", type));
  }
  if (!std::exchange(unknown_type_, true)) {
    Log(LogLevel::kWarn,
        "the connector printed a message of the type {}, which is not known; such messages are "
        "ignored",
        WordsOf(type));
  }
  other_lines_.Append(message.dump(-1, ' ', false, Json::error_handler_t::replace));
  other_lines_.End();
  return Status::Ok();
}

Status ConnectorWords::TakeControl(const Json& message) {
  const Json control = message.value("control", Json());
  if (TextAt(control, "type") != "CONNECTOR_CONFIG") return Status::Ok();
  const Json holder = control.value("connectorConfig", Json());
  const Json config = holder.is_object() ? holder.value("config", Json()) : Json();
  if (config.is_object() && keep_config_) return keep_config_(config);
  return Status::Ok();
}

void ConnectorWords::TakeError(Error error) {
  Log(LogLevel::kError, "the connector: {}", error.message);
  auto& first = error.stream ? stream_error_ : error_;
  if (!first) first = std::move(error);
}

Status ConnectorWords::Fault(int64_t number, std::string_view what) {
  return SystemError("line {} of what the connector printed: {}", number, Secrets::Redact(what));
}

const Json* ConnectorWords::Answer(const std::string& type) const {
  const auto found = answers_.find(type);
  return found == answers_.end() ? nullptr : &*found->second;
}

Error ConnectorWords::FailureOf(const ChildExit& exit) const {
  if (error_) return WithLastWords(*error_, exit);
  if (stream_error_) return WithLastWords(*stream_error_, exit);
  Error failure;
  failure.type =
      FromOutside(exit.signal) ? FailureType::kTransientError : FailureType::kSystemError;
  failure.message = exit.clean() ? "the connector ended without an answer"
                                 : fmt::format("the connector ended with {}", exit.ToString());
  if (exit.over_limit_bytes > 0) {
    failure.message = fmt::format(
        "the connector was stopped because it used {} MiB of memory, more than its limit; raise "
        "its memory_limit",
        (exit.over_limit_bytes + (1 << 19)) >> 20);
  } else if (exit.signal == SIGKILL) {
    failure.message += ", perhaps because memory ran out";
  }
  const auto others = other_lines_.lines();
  failure.message += LastLinesText(exit.last_lines.empty() ? others : exit.last_lines);
  return WithLastWords(std::move(failure), exit);
}

Error ConnectorWords::FailureOf(const Status& read, const ChildExit& exit) const {
  if (read.failed()) return WithLastWords(read.error(), exit);
  return WithLastWords({FailureType::kSystemError, read.ToString(), {}, {}}, exit);
}

Error ConnectorWords::WithLastWords(Error failure, const ChildExit& exit) const {
  const std::string printed = fmt::format("{}", fmt::join(other_lines_.lines(), "\n"));
  for (const std::string& words : {printed, exit.LastWords()}) {
    if (words.empty()) continue;
    failure.internal += (failure.internal.empty() ? "" : "\n") + Secrets::Redact(words);
  }
  return failure;
}

}  // namespace millrace
