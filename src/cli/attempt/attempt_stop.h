#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace millrace {

/// How an attempt is told to end, and what makes sure that it does. Thread-safe.
class AttemptStop {
 public:
  AttemptStop();
  ~AttemptStop();
  AttemptStop(const AttemptStop&) = delete;
  AttemptStop& operator=(const AttemptStop&) = delete;

  /// Commit what is complete, then end.
  void Finish() { finish_.request_stop(); }
  /// Abandon what is not committed, now.
  void Cancel() { cancel_.request_stop(); }
  /// Cancels, and ends the process (LeaveAtOnce) when it is still there after the time: for an
  /// attempt whose parent is gone, which must not outlive it by more than ten seconds.
  void CancelOrDie(std::chrono::milliseconds limit);

  std::stop_token finish_token() const { return finish_.get_token(); }
  std::stop_token cancel_token() const { return cancel_.get_token(); }
  bool requested() const { return finish_.stop_requested() || cancel_.stop_requested(); }

 private:
  void Watch(std::stop_token stop);

  std::stop_source finish_, cancel_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::chrono::steady_clock::time_point dies_at_ =
      std::chrono::steady_clock::time_point::max();  // guarded by mutex_
  std::jthread watchdog_;
};

/// While it lives there is nothing to commit: a stop of either kind ends the process within a
/// second, whatever call into a connector hangs.
class HardStop {
 public:
  explicit HardStop(AttemptStop& stop)
      : on_finish_(stop.finish_token(), [&stop] { stop.CancelOrDie(kLimit); }),
        on_cancel_(stop.cancel_token(), [&stop] { stop.CancelOrDie(kLimit); }) {}

 private:
  static constexpr std::chrono::milliseconds kLimit{1000};
  std::stop_callback<std::function<void()>> on_finish_, on_cancel_;
};

}  // namespace millrace
