#pragma once

#include <functional>
#include <string>

#include "attempt/attempt_process.h"
#include "attempt/config_change.h"
#include "base/failure_origin.h"
#include "cli/interrupt_signals.h"
#include "cli/progress_display.h"

namespace millrace {

/// How an attempt ended.
struct AttemptOutcome {
  bool interrupted = false;  ///< a signal asked it to end
  JsonValue result;          ///< of RESULT; {} otherwise
  Status status;             ///< of FAILURE, or of a process that ended without a word
  FailureOrigin origin = FailureOrigin::kUnknown;  ///< of FAILURE: whose it is
  /// A config error that was found before anything was contacted.
  bool before_contact = false;
};

/// Runs one attempt to its end: starts it, passes its messages on, shows its log lines and
/// progress, and turns signals into commands. The first signal asks it to finish what it can (25
/// s), the second to stop (10 s), the third kills it. Main thread.
class AttemptConversation {
 public:
  /// Answers a message that asks (STATE, CATALOG).
  using Answerer = std::function<Result<Json>(const Json& message)>;
  /// Hears of progress, after the display.
  using ProgressListener = std::function<void(const StreamReport&)>;

  AttemptConversation(InterruptSignals& signals, ProgressDisplay& display)
      : signals_(signals), display_(display) {}

  void set_answerer(Answerer answerer) { answerer_ = std::move(answerer); }
  void set_keep_config(KeepConfig keep_config) { keep_config_ = std::move(keep_config); }
  void set_progress_listener(ProgressListener listener) { on_progress_ = std::move(listener); }

  AttemptOutcome Run(const StartDocument& start);

 private:
  Result<Json> AnswerTo(const Json& message) const;
  /// True when the message was the last.
  bool Take(AttemptProcess& process, const Json& message, AttemptOutcome* outcome);
  void Interrupt(AttemptProcess& process);

  InterruptSignals& signals_;
  ProgressDisplay& display_;
  Answerer answerer_;
  ProgressListener on_progress_;
  KeepConfig keep_config_;
  int interrupts_ = 0;
  SteadyTime patience_ends_ = SteadyTime::max();
};

}  // namespace millrace
