#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "control/retention/retention.h"

namespace millrace {

/// Prunes once an hour, in a thread of its own; the first time soon after the start. Owned by the
/// server.
class RetentionSchedule {
 public:
  static constexpr std::chrono::seconds kFirst = std::chrono::minutes(2);
  static constexpr std::chrono::seconds kInterval = std::chrono::hours(1);

  explicit RetentionSchedule(Retention retention);

 private:
  void Run(const std::stop_token& stop);

  Retention retention_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

}  // namespace millrace
