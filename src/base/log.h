#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>

namespace millrace {

/// The Airbyte Protocol's log levels that Millrace uses.
enum class LogLevel { kDebug, kInfo, kWarn, kError };

/// "DEBUG", "INFO", "WARN", "ERROR".
std::string_view ToString(LogLevel level);

/// Receives every log line of the process, with secrets already struck out. Called from any
/// thread, one line at a time.
using LogSink = std::function<void(LogLevel, std::string_view message)>;

/// Sets where log lines go (default, and when empty: stderr) and the least level that gets there
/// (default: info).
void SetLogSink(LogSink sink);
void SetLogLevel(LogLevel least);
bool LogEnabled(LogLevel level);

/// Strikes secrets out of `message` and gives it to the sink. Thread-safe.
void WriteLog(LogLevel level, std::string_view message);

template <typename... Args>
void Log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(level)) WriteLog(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace millrace
