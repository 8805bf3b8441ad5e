#pragma once

#include "base/interruptible_sleep.h"
#include "declarative/manifest/engine_environment.h"

namespace millrace {

/// Sleeps by the machine's clock.
class SystemSleeper final : public Sleeper {
 public:
  bool Sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    return InterruptibleSleep(duration, std::move(stop));
  }
};

}  // namespace millrace
