#include "pipeline/run_sync.h"

#include <algorithm>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>

#include "base/memory_budget.h"
#include "base/usable_threads.h"
#include "pipeline/destination_watch.h"
#include "pipeline/resumption.h"
#include "pipeline/sync_run.h"

namespace millrace {
namespace {

constexpr int kLanesMost = 4;
constexpr int kWriterThreadsMost = 8;

Status CheckCatalog(const ConfiguredCatalog& catalog) {
  if (catalog.streams.empty()) return ConfigError("no stream is selected: there is nothing to do");
  std::set<StreamDescriptor> seen;
  for (const ConfiguredStream& stream : catalog.streams) {
    if (!seen.insert(stream.descriptor()).second) {
      return ConfigError("the stream {} is selected twice", stream.descriptor().ToString());
    }
  }
  return Status::Ok();
}

Status CheckOptions(const SyncOptions& options) {
  const auto refuse = [](std::string_view name) {
    return ConfigError("{} must not be negative", name);
  };
  if (options.writer_lanes < 0) return refuse("writer_lanes");
  if (options.partition_readers < 0) return refuse("partition_readers");
  if (options.writer_threads < 0) return refuse("writer_threads");
  if (options.commit_interval.count() < 0) return refuse("commit_interval");
  if (options.commit_bytes < 0) return refuse("commit_bytes");
  return Status::Ok();
}

/// The options with the machine's numbers where they were left to it.
SyncOptions Resolve(SyncOptions options) {
  const int threads = UsableThreads();
  if (options.writer_lanes == 0) options.writer_lanes = std::min(threads, kLanesMost);
  if (options.partition_readers == 0) options.partition_readers = options.writer_lanes;
  if (options.writer_threads == 0) options.writer_threads = std::min(threads, kWriterThreadsMost);
  return options;
}

/// For a destination that makes metadata itself.
Status LeaveMetadata(SyncOptions* options) {
  if (options->normalization.basic || options->normalization.raw_tables) {
    return ConfigError(
        "normalization and raw_tables are made for destinations that are built in; this one stores "
        "records in its own way");
  }
  options->metadata = MetadataMode::kApart;
  return Status::Ok();
}

LoadContext MakeLoadContext(const SyncOptions& options, const SavedState& saved,
                            std::stop_token abandon, MemoryBudget* memory) {
  LoadContext context;
  context.connection = options.connection;
  context.attempt = options.attempt;
  context.fencing_token = options.fencing_token;
  context.epoch = saved.epoch;
  context.last_saved = saved.checkpoint;
  context.started_at = options.clock->WallNow();
  context.lanes = options.writer_lanes;
  context.number_format = options.number_format;
  context.merge_interval = options.merge_interval;
  context.abandon = std::move(abandon);
  context.clock = options.clock;
  context.memory = memory;
  return context;
}

/// A stop of either kind ends it at once.
Status AskSource(Resumption& resumption, const std::stop_token& finish_early,
                 const std::stop_token& stop) {
  std::stop_source either;
  const std::stop_callback on_stop(stop, [&] { either.request_stop(); });
  const std::stop_callback on_finish_early(finish_early, [&] { either.request_stop(); });
  return resumption.AskSource(either.get_token());
}

/// Opens the load; a stop of either kind ends that at once, as there is nothing to commit yet.
Result<std::unique_ptr<Load>> OpenLoad(Destination& destination, const ConfiguredCatalog& catalog,
                                       const LoadContext& context, SyncEvents& events,
                                       const SyncOptions& options, const std::stop_token& stop,
                                       std::stop_source& abandon) {
  const std::stop_callback on_stop(stop, [&] { abandon.request_stop(); });
  const std::stop_callback on_finish_early(options.finish_early, [&] { abandon.request_stop(); });
  // Opening withdraws what was committed after the saved state.
  if (options.before_commit) MR_RETURN_IF_ERROR(options.before_commit(abandon.get_token()));
  return destination.OpenLoad(catalog, context, events);
}

}  // namespace

Result<SyncSummary> RunSync(Source& source, Destination& destination, StateStore& states,
                            const ConfiguredCatalog& catalog, const SyncOptions& options,
                            std::stop_token stop, FailureOrigin* failed) {
  FailureOrigin nobody_asks;
  FailureOrigin& doing = failed == nullptr ? nobody_asks : *failed;
  doing = FailureOrigin::kReplication;
  MR_RETURN_IF_ERROR(CheckCatalog(catalog));
  MR_RETURN_IF_ERROR(CheckOptions(options));
  SyncOptions resolved = Resolve(options);
  if (destination.makes_metadata()) MR_RETURN_IF_ERROR(LeaveMetadata(&resolved));
  MR_RETURN_IF_ERROR(PlanOutputs(catalog, resolved.normalization).status());
  doing = FailureOrigin::kPlatform;
  MR_ASSIGN_OR_RETURN(SavedState saved, states.Load());
  doing = FailureOrigin::kSource;
  Resumption resumption(source, states, saved, catalog);
  MR_RETURN_IF_ERROR(AskSource(resumption, resolved.finish_early, stop));
  MemoryBudget memory(resolved.writer_bytes_max);
  SyncEvents events;
  std::stop_source abandon;
  DestinationCalls calls(*resolved.clock);
  std::optional<DestinationWatch> watch;
  if (resolved.destination_waits) watch.emplace(calls, resolved.destination_waits);
  const LoadContext context = MakeLoadContext(resolved, saved, abandon.get_token(), &memory);
  std::vector<StreamOutputs> outputs;
  std::unique_ptr<Load> load;
  // Twice at most: the second time nothing goes on that the destination did not keep.
  for (bool again = true; again;) {
    doing = FailureOrigin::kDestination;
    const DestinationCalls::Call call(calls);
    load.reset();
    MR_ASSIGN_OR_RETURN(outputs, PlanOutputs(resumption.catalog(), resolved.normalization));
    MR_ASSIGN_OR_RETURN(
        load, OpenLoad(destination, CatalogOf(outputs), context, events, resolved, stop, abandon));
    doing = FailureOrigin::kPlatform;
    MR_ASSIGN_OR_RETURN(again, resumption.AskDestination(*load));
  }
  SyncRun run(source, *load, states, std::move(saved), resumption.catalog(), std::move(outputs),
              resolved, calls, events, abandon, std::move(stop));
  return run.Run();
}

}  // namespace millrace
