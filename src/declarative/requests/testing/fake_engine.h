#pragma once

#include <string>
#include <vector>

#include "declarative/manifest/engine_environment.h"

namespace millrace {

/// For tests: a clock that stands still but for sleeps, which end at once and a millisecond late,
/// and are written down.
class SleepingClock final : public Clock, public Sleeper {
 public:
  /// 2024-03-10T12:00:00Z.
  static constexpr int64_t kStart = 1'710'072'000;

  SteadyTime Now() const override { return SteadyTime(now_); }
  WallTime WallNow() const override {
    return WallTime(std::chrono::seconds(kStart) +
                    std::chrono::duration_cast<std::chrono::microseconds>(now_));
  }
  bool Sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    sleeps.push_back(std::chrono::duration<double>(duration).count());
    now_ += duration + std::chrono::milliseconds(1);
    return true;
  }

  std::vector<double> sleeps;  ///< seconds

 private:
  std::chrono::nanoseconds now_{0};
};

/// For tests: keeps what components tell.
class KeptMessages final : public EngineMessages {
 public:
  void Log(LogLevel, std::string_view text) override { logs.emplace_back(text); }
  Status ConfigChanged(const PyValue& config) override {
    configs.push_back(config.DeepCopy());
    return Status::Ok();
  }
  void RateLimited(std::string_view) override { ++rate_limited; }

  std::vector<std::string> logs;
  PyList configs;
  int rate_limited = 0;
};

/// For tests of one thread: an environment with the clock and messages above. The transport is the
/// test's.
struct FakeEngine {
  FakeEngine() {
    environment.clock = &clock;
    environment.sleeper = &clock;
    environment.messages = &messages;
    environment.config = PyValue(PyDict());
  }
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  SleepingClock clock;
  KeptMessages messages;
  EngineEnvironment environment;
};

}  // namespace millrace
