#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "declarative/manifest/engine_environment.h"

namespace millrace {

/// 2024-03-10T12:00:00Z until it is moved; between two looks at the steady clock a millisecond
/// passes.
class SlicingTestClock final : public Clock {
 public:
  SteadyTime Now() const override {
    return SteadyTime(std::chrono::milliseconds(looks_.fetch_add(1)));
  }
  WallTime WallNow() const override { return WallTime(std::chrono::seconds(wall_s_.load())); }
  void Move(std::chrono::seconds by) { wall_s_ += by.count(); }

 private:
  mutable std::atomic<int64_t> looks_ = 0;
  std::atomic<int64_t> wall_s_ = 1'710'072'000;
};

/// What the tests of slices hand to components: that clock, no network, the log kept.
class SlicingTestEnvironment {
 public:
  explicit SlicingTestEnvironment(PyValue config = PyDict{{"days", 30}}) {
    environment_.clock = &clock_;
    environment_.messages = &messages_;
    environment_.config = std::move(config);
  }

  const EngineEnvironment& environment() const { return environment_; }
  SlicingTestClock& clock() { return clock_; }
  std::vector<std::string> log() const { return messages_.log(); }

 private:
  class Messages final : public EngineMessages {
   public:
    void Log(LogLevel, std::string_view text) override {
      const std::lock_guard lock(mutex_);
      log_.emplace_back(text);
    }
    Status ConfigChanged(const PyValue&) override { return Status::Ok(); }
    void RateLimited(std::string_view) override {}
    std::vector<std::string> log() const {
      const std::lock_guard lock(mutex_);
      return log_;
    }

   private:
    mutable std::mutex mutex_;
    std::vector<std::string> log_;
  };

  SlicingTestClock clock_;
  Messages messages_;
  EngineEnvironment environment_;
};

}  // namespace millrace
