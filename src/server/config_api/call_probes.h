#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/result.h"
#include "control/worker/probe_runner.h"

namespace millrace {

/// The checks, discoveries and questions for specifications that calls wait for. Each keeps the
/// thread of its call, for minutes where a connector is slow: that is why only so many calls are
/// let in, and the server has threads for others beside them. Owned by the server; thread-safe.
class CallProbes {
 public:
  static constexpr int kRunningMax = 6;
  static constexpr int kWaitingMax = 6;  ///< for one of those to end
  static constexpr std::chrono::seconds kWaitLimit{60};

  /// `runner` outlives it.
  explicit CallProbes(const ProbeRunner& runner, std::chrono::milliseconds wait_limit = kWaitLimit)
      : runner_(runner), wait_limit_(wait_limit) {}

  /// As ProbeRunner::Run, when its turn has come. Fails, without running anything, with a transient
  /// error: too many wait already, or its turn didn't come in time.
  Result<ProbeOutcome> Run(StartDocument start, const EndResources& said,
                           std::chrono::seconds limit, const KeepConfig& keep_config) const;

  /// A turn, for as long as it lives. As in Run.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : probes_(std::exchange(other.probes_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    friend class CallProbes;
    explicit Turn(const CallProbes& probes) : probes_(&probes) {}
    const CallProbes* probes_;
  };
  Result<Turn> AwaitTurn() const;

 private:
  const ProbeRunner& runner_;
  const std::chrono::milliseconds wait_limit_;
  mutable std::mutex mutex_;
  mutable std::condition_variable ended_;
  mutable int running_ = 0, waiting_ = 0;  // guarded by mutex_
};

}  // namespace millrace
