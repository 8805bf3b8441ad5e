#include "cli/server_log.h"

#include <fmt/chrono.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

namespace millrace {
namespace {

std::string TimeText() {
  const int64_t milliseconds = Clock::System().WallNow().time_since_epoch().count() / 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<time_t>(milliseconds / 1000)), milliseconds % 1000);
}

/// One write a line: lines of several processes don't mix.
void Print(const std::string& line) { std::fwrite(line.data(), 1, line.size(), stderr); }

}  // namespace

void UseServerLog(bool json) {
  if (json) {
    SetLogSink([](LogLevel level, std::string_view message) {
      const Json line = {
          {"timestamp", TimeText()}, {"level", ToString(level)}, {"message", message}};
      Print(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    });
    return;
  }
  SetLogSink([](LogLevel level, std::string_view message) {
    Print(fmt::format("{} {:<5} {}\n", TimeText(), ToString(level), message));
  });
}

}  // namespace millrace
