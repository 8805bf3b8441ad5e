#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace millrace {

/// One line of an attempt's log, in Airbyte's words. A plain value.
struct LogEvent {
  int64_t timestamp = 0;  ///< milliseconds since 1970 UTC; 0: when it is appended
  std::string level = "INFO";
  std::string message;
  std::string log_source = "platform";  ///< source | destination | platform
  std::string stack_trace;              ///< empty: none
};

/// {"timestamp", "message", "level", "logSource", "stackTrace"?}.
Json ToJson(const LogEvent& event);
/// What a line of a log says. A line that is no such document becomes the message.
LogEvent LogEventOf(std::string_view line);
/// "2026-11-22 07:42:21 INFO source: message", and its stack trace below.
std::string ToText(const LogEvent& event);

/// The events of whole lines.
std::vector<LogEvent> LogEventsOf(std::string_view lines);

/// What the config API calls an attempt's `logs`: {"logLines": [text …], "events": [event …],
/// "version"}. Both forms hold the same, since clients read one or the other; neither is ever null.
Json LogsReply(const std::vector<LogEvent>& events);

}  // namespace millrace
