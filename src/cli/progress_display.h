#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "attempt/sync_report.h"
#include "base/clock.h"
#include "base/log.h"

namespace millrace {

/// Shows on standard error how a sync goes. On a terminal: a live line per running stream
/// (records, size, rate, elapsed, what is left when the source estimates), with warnings above;
/// elsewhere one log line every ten seconds. Main thread.
class ProgressDisplay {
 public:
  /// `quiet`: nothing but warnings and errors (a check, a discovery).
  ProgressDisplay(bool verbose, bool quiet);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// A new attempt: what was shown of streams starts anew.
  void Begin(std::vector<StreamDescriptor> streams);
  void Update(const StreamReport& report);
  /// Redraws or logs when it is time to; call it often.
  void Tick();
  /// Prints a line above the live lines. Debug and info lines only when verbose.
  void Log(LogLevel level, std::string_view message);
  /// The first warnings that were logged, up to 100: for the report at the end.
  const std::vector<std::string>& warnings() const { return warnings_; }
  /// Takes the live lines away.
  void End();

  /// How long to wait at most between two calls of Tick.
  std::chrono::milliseconds tick() const;

 private:
  struct Row {
    StreamReport report;
    SteadyTime started{};
    SteadyTime ended{};
  };

  std::string StreamsText() const;
  void Draw();
  void Erase();
  void LogTotals();
  std::string LineOf(const Row& row, size_t name_width, SteadyTime now) const;

  const bool verbose_, quiet_, terminal_;
  std::vector<StreamDescriptor> order_;
  std::map<StreamDescriptor, Row> rows_;
  std::vector<std::string> warnings_;
  SteadyTime began_, last_shown_;
  int lines_shown_ = 0;
};

}  // namespace millrace
