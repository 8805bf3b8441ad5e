#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "connector/source.h"
#include "pipeline/ledger.h"
#include "pipeline/queued_output.h"
#include "pipeline/stop_watchdog.h"
#include "pipeline/sync_context.h"

namespace millrace {

/// One call of RunSync, once state and destination are open: starts the source's thread, then
/// works off events on the caller's until everything is committed, finished and closed. Used once.
class SyncRun {
 public:
  /// `options` have no automatic values left; `outputs` are of the catalog's streams, in order.
  SyncRun(Source& source, Load& load, StateStore& states, SavedState saved,
          const ConfiguredCatalog& catalog, std::vector<StreamOutputs> outputs,
          const SyncOptions& options, DestinationCalls& calls, SyncEvents& events,
          std::stop_source abandon, std::stop_token stop);
  ~SyncRun();

  SyncSummary Run();

 private:
  // The source's thread.
  Status ReadAll();
  Status ReadQueued(const std::vector<SyncedStream*>& streams);

  // The caller's thread.
  void Handle(SyncEvent event);
  bool Over() const;
  Deadline NextWake() const;
  void OnTick();
  void EndInput();
  void ReportProgress(bool final);
  void FinishIncomplete();
  SyncOutcome Outcome() const;
  void SetFirstError(SyncSummary* summary) const;

  /// What any thread may know: the streams, their sums, the time.
  SyncSummary Snapshot() const;
  void ReportStuck() const;  // the watchdog's thread

  // The thread that asks for a stop, or a watchdog's: the caller's may be inside a long commit.
  void FinishEarly();
  void Abandon();
  bool finishing_early() const { return options_.finish_early.stop_requested(); }

  Source& source_;
  const SyncOptions& options_;
  SyncEvents& events_;
  const std::stop_token stop_;
  const State resume_from_;
  std::vector<std::unique_ptr<SyncedStream>> streams_;  ///< in the catalog's order; constant
  SyncContext context_;
  Ledger ledger_;
  const SteadyTime started_;

  std::unique_ptr<QueuedOutput> output_;  ///< made by the source's thread
  std::atomic<QueuedOutput*> published_output_ = nullptr;

  Status source_status_;
  bool source_returned_ = false;
  bool queues_drained_ = false;
  bool input_ended_ = false;
  bool load_goes_on_ = false;  ///< after its input ended
  bool global_broken_ = false;
  std::vector<uint64_t> reported_;  ///< each stream's version when last reported
  SteadyTime next_report_;
  SteadyTime next_nudge_;

  std::optional<StopWatchdog> watchdog_;
  std::optional<StopWatchdog> abandoner_;  ///< ends what finishing early takes too long for
  std::jthread source_thread_;
};

}  // namespace millrace
