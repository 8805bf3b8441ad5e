#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace millrace {

/// Shows on standard error how an installation goes: on a terminal one live line with the step,
/// what the installer says and the time; elsewhere a line for each step. Tell may come from any
/// thread; the rest is the main thread's.
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
  void Erase();

  const bool verbose_, terminal_;
  const SteadyTime began_;
  std::mutex mutex_;  // of all below
  std::string step_, detail_;
  bool shown_ = false;
};

}  // namespace millrace
