#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace millrace {

/// Ends the process when its orderly end takes too long: a thread that computes, or waits inside a
/// library, can't be told to stop. What is durable then is what was committed. Held by a command's
/// main thread from the signal on.
class StopDeadline {
 public:
  /// The process ends with `exit_code`, after a line in the log, unless this is gone by then.
  StopDeadline(std::chrono::milliseconds limit, int exit_code);
  StopDeadline(const StopDeadline&) = delete;
  StopDeadline& operator=(const StopDeadline&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable_any over_;
  std::jthread thread_;
};

}  // namespace millrace
