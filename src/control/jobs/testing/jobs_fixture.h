#pragma once

#include <mutex>
#include <string>

#include "base/clock.h"
#include "control/store/testing/two_connections.h"

namespace millrace {

/// For tests: time that stands still until it is told to go on. Thread-safe.
class HandClock : public Clock {
 public:
  SteadyTime Now() const override {
    std::lock_guard lock(mutex_);
    return SteadyTime(std::chrono::duration_cast<SteadyTime::duration>(since_start_));
  }
  WallTime WallNow() const override {
    std::lock_guard lock(mutex_);
    return WallTime(std::chrono::seconds(1'800'000'000)) + since_start_;
  }
  void Advance(std::chrono::microseconds by) {
    std::lock_guard lock(mutex_);
    since_start_ += by;
  }

 private:
  mutable std::mutex mutex_;
  std::chrono::microseconds since_start_{std::chrono::hours(1)};
};

/// For tests: the two connections and a clock that is moved by hand.
class JobsFixture : public TwoConnections {
 protected:
  void SetStatus(const std::string& id, const std::string& status) {
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(auto connection, FindConnection(t, id));
      connection->status = status;
      return UpdateConnection(t, *connection).status();
    });
  }

  HandClock clock_;
};

}  // namespace millrace
