#pragma once

#include <signal.h>

namespace millrace {

/// Makes SIGINT, SIGTERM and SIGHUP readable from a descriptor for as long as it lives, instead of
/// ending the process. When one was taken they stay harmless afterwards: the process is ending, and
/// says how itself. One at a time, in the main thread, before any other thread starts.
class InterruptSignals {
 public:
  InterruptSignals();
  ~InterruptSignals();
  InterruptSignals(const InterruptSignals&) = delete;
  InterruptSignals& operator=(const InterruptSignals&) = delete;

  /// To be polled.
  int fd() const { return fd_; }
  /// Takes one signal when one came; never blocks.
  bool Take();
  static constexpr int kForever = -1;
  /// Waits until one comes or the time has passed; does not take it. True when one came.
  bool WaitFor(int timeout_ms) const;

 private:
  sigset_t before_;
  int fd_;
  bool taken_ = false;
};

}  // namespace millrace
