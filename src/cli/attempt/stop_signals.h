#pragma once

#include <functional>
#include <thread>

namespace millrace {

/// Hears SIGINT and SIGTERM in a thread of its own for as long as it lives, instead of ending the
/// process.
class StopSignals {
 public:
  /// Blocks the signals in this thread and in those that it will start: call it first of all.
  static void Block();

  /// `on_signal` gets the count of signals so far, from 1.
  explicit StopSignals(std::function<void(int count)> on_signal);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  std::jthread listener_;
};

}  // namespace millrace
