#include "base/log.h"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>

#include "base/secrets.h"

namespace millrace {
namespace {

std::atomic<LogLevel> least_level = LogLevel::kInfo;
std::mutex sink_mutex;

void PrintToStderr(LogLevel level, std::string_view message) {
  std::fprintf(stderr, "%-5s %.*s\n", ToString(level).data(), static_cast<int>(message.size()),
               message.data());
}

LogSink& Sink() {
  static LogSink sink = PrintToStderr;
  return sink;
}

}  // namespace

std::string_view ToString(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarn:
      return "WARN";
    case LogLevel::kError:
      return "ERROR";
  }
  return "INFO";
}

void SetLogSink(LogSink sink) {
  std::lock_guard lock(sink_mutex);
  Sink() = sink ? std::move(sink) : PrintToStderr;
}

void SetLogLevel(LogLevel least) { least_level = least; }

bool LogEnabled(LogLevel level) { return level >= least_level.load(); }

void WriteLog(LogLevel level, std::string_view message) {
  const std::string safe = Secrets::RedactAll(message);
  std::lock_guard lock(sink_mutex);
  Sink()(level, safe);
}

}  // namespace millrace
