#include <nlohmann/json.hpp>

#include "cli/attempt/attempt_ends.h"
#include "cli/attempt/catalog_request.h"
#include "cli/attempt/channel_failure.h"
#include "cli/attempt/channel_state_store.h"
#include "cli/attempt/channel_tasks.h"
#include "cli/attempt/config_keeper.h"
#include "cli/attempt/empty_source.h"
#include "cli/attempt/sync_options_of.h"
#include "pipeline/run_sync.h"
#include "subprocess/forced_exit.h"

namespace millrace {
namespace {

/// Passes progress on to the parent.
class ChannelProgress : public ProgressListener {
 public:
  explicit ChannelProgress(AttemptChannel& channel) : channel_(channel) {}

  void OnProgress(const StreamProgress& progress) override {
    // A parent that is gone is noticed by the channel.
    (void)channel_.Tell({{"type", "PROGRESS"}, {"progress", ToJson(ReportOf(progress))}}).ok();
  }

 private:
  AttemptChannel& channel_;
};

int TellReport(AttemptChannel& channel, const SyncReport& report) {
  const Status told = channel.TellLast({{"type", "RESULT"}, {"result", ToJson(report)}});
  return told.ok() && report.outcome == "succeeded" ? 0 : 1;
}

int TellInterrupted(AttemptChannel& channel) {
  SyncReport report;
  report.outcome = "interrupted";
  return TellReport(channel, report);
}

}  // namespace

int RunSyncTask(const StartDocument& document, AttemptChannel& channel, AttemptStop& stop,
                CommitLease* lease) {
  StartDocument start = document;
  const bool clears = start.task == "clear";
  const auto source = clears ? Result<std::unique_ptr<Source>>(std::make_unique<EmptySource>())
                             : MakeSource(*start.source, ParentKeeps(channel));
  if (!source.ok()) {
    return TellFailure(channel, source.status(), /*before_contact=*/true, FailureOrigin::kSource);
  }
  const auto destination = MakeDestination(*start.destination, ParentKeeps(channel));
  if (!destination.ok()) {
    return TellFailure(channel, destination.status(), /*before_contact=*/true,
                       FailureOrigin::kDestination);
  }
  if (!start.catalog) {
    const HardStop hard_stop(stop);
    const Status asked = AskForCatalog(**source, channel, &start);
    if (asked.canceled() || stop.requested()) return TellInterrupted(channel);
    if (!asked.ok()) {
      return TellFailure(channel, asked, /*before_contact=*/false, FailureOrigin::kSource);
    }
  }
  ChannelStateStore states(channel, start.saved);
  ChannelProgress progress(channel);
  SyncOptions options = SyncOptionsOf(start);
  options.listener = &progress;
  options.finish_early = stop.finish_token();
  if (lease != nullptr) {
    options.before_commit = [lease](std::stop_token abandoned) { return lease->Await(abandoned); };
  }
  options.stuck = [&channel](const SyncSummary& summary) {
    TellReport(channel, ReportOf(summary));
    LeaveAtOnce(1);
  };
  if (start.parent) {
    options.destination_waits = [&channel](std::chrono::milliseconds span) {
      (void)channel.Tell({{"type", "WAITING"}, {"destination_ms", span.count()}}).ok();
    };
  }
  FailureOrigin failed = FailureOrigin::kUnknown;
  const auto summary = RunSync(**source, **destination, states, *start.catalog, options,
                               stop.cancel_token(), &failed);
  if (!summary.ok()) {
    if (summary.status().canceled()) return TellInterrupted(channel);
    return TellFailure(channel, summary.status(), /*before_contact=*/false, failed);
  }
  return TellReport(channel, ReportOf(*summary));
}

}  // namespace millrace
