#include "cli/connectors/install_display.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/console.h"

namespace millrace {

InstallDisplay::InstallDisplay(bool verbose)
    : verbose_(verbose),
      terminal_(Console::ErrIsTerminal()),
      began_(std::chrono::steady_clock::now()) {}

void InstallDisplay::Tell(std::string_view what, bool detail) {
  const std::lock_guard lock(mutex_);
  what.remove_prefix(std::min(what.find_first_not_of(" "), what.size()));
  (detail ? detail_ : step_) = VisibleText(what);
  if (!detail) detail_.clear();
  if (detail && !verbose_) return;
  last_line_ = std::chrono::steady_clock::now();
  Erase();
  const Console::Style& style = Console::ErrStyle();
  Console::Err(detail ? fmt::format("{}{}{}\n", style.dim, detail_, style.reset) : step_ + "\n");
}

void InstallDisplay::Tick() {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = std::chrono::steady_clock::now();
  if (step_.empty() || (!terminal_ && now - last_line_ < kLinePause)) return;
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - began_);
  const std::string line =
      fmt::format("  {} s  {}", elapsed.count(), detail_.empty() ? "…" : detail_);
  if (!terminal_) {
    last_line_ = now;
    return Console::Err(line + "\n");
  }
  Erase();
  const Console::Style& style = Console::ErrStyle();
  Console::Err(fmt::format("{}{}{}\n", style.dim,
                           CutToWidth(line, static_cast<size_t>(Console::ErrWidth()) - 1),
                           style.reset));
  shown_ = true;
}

void InstallDisplay::End() {
  const std::lock_guard lock(mutex_);
  Erase();
}

/// Requires the mutex.
void InstallDisplay::Erase() {
  if (shown_) Console::Err("\x1b[1F\x1b[J");
  shown_ = false;
}

}  // namespace millrace
