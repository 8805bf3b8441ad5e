#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace millrace {

/// Shows on standard error how an installation goes: a line for each step; below them, on a
/// terminal, a live line with the time and what the installer says, and elsewhere (in a log) the
/// same as a line of its own whenever nothing was printed for 15 s. Tell may come from any thread;
/// the rest is the main thread's.
class InstallDisplay {
 public:
  /// `verbose`: what the installer prints stays on the screen.
  explicit InstallDisplay(bool verbose);
  ~InstallDisplay() { End(); }
  InstallDisplay(const InstallDisplay&) = delete;
  InstallDisplay& operator=(const InstallDisplay&) = delete;

  void Tell(std::string_view what, bool detail);
  /// Redraws the live line; call it every now and then.
  void Tick();
  /// Takes the live line away.
  void End();

 private:
  static constexpr std::chrono::seconds kLinePause{15};

  void Erase();

  const bool verbose_, terminal_;
  const SteadyTime began_;
  std::mutex mutex_;  // of all below
  std::string step_, detail_;
  SteadyTime last_line_{};
  bool shown_ = false;
};

}  // namespace millrace
