#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "attempt/sync_report.h"
#include "base/clock.h"
#include "control/jobs/attempt_ledger.h"
#include "control/jobs/attempt_start.h"
#include "control/jobs/silence_watch.h"
#include "control/logs/attempt_logs.h"
#include "control/worker/attempt_launcher.h"
#include "control/worker/moved_totals.h"

namespace millrace {

/// What running attempts takes. All of it outlives them.
struct AttemptRunParts {
  SqlDatabase& database;
  const SecretBox& box;
  const Clock& clock;
  AttemptLauncher& launcher;
  AttemptLogs& logs;
  MovedTotals* moved;  ///< counts what was done; null: nobody asks
  /// Called when an attempt has ended, from its thread.
  std::function<void()> on_end;
  SilenceLimits silence;  ///< ends that are silent for longer are taken for dead
  std::chrono::seconds lease{60};
  std::chrono::seconds renew_every{10};
};

/// One attempt on its way through this worker, in a thread of its own: it stores what the process
/// says, keeps its lease, ends it when it is to end, and stores how it ended. Owned by JobWorker.
/// Its public methods may be called from any thread.
class AttemptRun {
 public:
  struct Target {
    AttemptKey key;
    std::string connection_id;
    std::vector<std::string> secrets;                  ///< that its log must not show
    std::vector<std::string> warnings;                 ///< that its log begins with
    ResourceLimits limits;                             ///< that its log begins with, if any
    std::map<StreamDescriptor, StreamReport> streams;  ///< as known so far
    AttemptId id() const { return {key.job, key.number}; }
  };

  /// Begins the thread. `handle`: an attempt that was started, or found again.
  AttemptRun(const AttemptRunParts& parts, Target target, std::unique_ptr<AttemptHandle> handle);
  /// Leaves the process running when it still does.
  ~AttemptRun();

  const AttemptKey& key() const { return target_.key; }
  /// Ends it within 3 s: it is asked to, and killed when it takes longer.
  void Cancel();
  /// Ends the thread and leaves the process running, for whoever finds it.
  void Leave();
  /// The thread has nothing left to do.
  bool done() const { return done_; }
  /// All its streams have ended: it is worth waiting for.
  bool about_to_end() const { return about_to_end_; }

 private:
  void Run();
  bool KeepGoing();  ///< false when the thread is to end
  void Take(const Json& message);
  void TakeLog(const Json& message);
  void TakeProgress(const Json& message);
  void TakeReport(const Json& message);
  /// Stores and answers what the attempt waits for, in order; what the database can't take now is
  /// tried again.
  void AnswerWaiting();
  Result<bool> Store(const Json& message);
  Result<bool> StoreState(const Json& message);
  Result<bool> StoreConfiguration(const Json& message);
  Result<bool> StoreEnding();
  void FlushProgress();
  void RenewLease();
  void WatchLimits();
  /// Another worker, or nobody, has the attempt now.
  void Lose(std::string_view why);
  void Fail(const Error& error, FailureOrigin origin, const std::string& failure_type = {});
  void FailSilent(SilenceWatch::Verdict whose);
  void LogLine(std::string level, std::string message);
  std::string Clean(const std::string& text) const;
  /// Ends the attempt in the database once its process is gone.
  void SettleEnding();
  int64_t Now() const { return parts_.clock.WallNow().time_since_epoch().count(); }

  const AttemptRunParts parts_;
  Target target_;
  const std::vector<std::string> secret_forms_;  ///< that none of its texts shows
  std::unique_ptr<AttemptHandle> handle_;
  int wake_fd_;

  std::deque<JsonValue> waiting_;       ///< asked, and not answered
  std::set<StreamDescriptor> changed_;  ///< whose status is to be stored
  bool stats_changed_ = false;
  int64_t states_ = 0;
  bool has_result_ = false;  ///< RESULT, FAILURE, or a reason to end it of our own
  AttemptEnd end_;
  bool stored_end_ = false;
  bool lost_ = false;
  bool process_gone_ = false;
  SilenceWatch silence_;
  SteadyTime next_flush_, next_renewal_, next_store_, killed_after_;

  std::atomic<bool> cancel_asked_ = false, leave_asked_ = false, done_ = false,
                    about_to_end_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace millrace
