#include "pipeline/sync_run.h"

#include <algorithm>

#include "base/log.h"
#include "pipeline/partition_readers.h"

namespace millrace {
namespace {

/// How often checkpoints that wait are looked at, at most and at least.
constexpr std::chrono::milliseconds kTickMost = std::chrono::seconds(1);
constexpr std::chrono::milliseconds kTickLeast{20};

/// What the source is shown: the saved states of the streams that go on. A full refresh that starts
/// sees none: a state that says "read" would empty its table.
State ResumeState(const State& saved, const ConfiguredCatalog& catalog,
                  const std::vector<StreamDescriptor>& start_anew) {
  const auto hidden = [&](const StreamDescriptor& stream) {
    const ConfiguredStream* configured = catalog.Find(stream);
    return std::find(start_anew.begin(), start_anew.end(), stream) != start_anew.end() ||
           (configured != nullptr && !configured->continues());
  };
  State resumed;
  for (StateMessage message : saved.ToMessages()) {
    std::erase_if(message.streams, [&](const auto& entry) { return hidden(entry.first); });
    const bool empty = message.type == StateMessage::Type::kStream && message.streams.empty();
    if (!empty) resumed.Merge(message);
  }
  return resumed;
}

std::vector<std::unique_ptr<SyncedStream>> MakeStreams(const ConfiguredCatalog& catalog,
                                                       std::vector<StreamOutputs> outputs) {
  std::vector<std::unique_ptr<SyncedStream>> streams;
  for (size_t i = 0; i < outputs.size(); ++i) {
    streams.push_back(std::make_unique<SyncedStream>(catalog.streams[i], std::move(outputs[i])));
  }
  return streams;
}

std::vector<SyncedStream*> Pointers(const std::vector<std::unique_ptr<SyncedStream>>& streams) {
  std::vector<SyncedStream*> pointers;
  for (const auto& stream : streams) pointers.push_back(stream.get());
  return pointers;
}

}  // namespace

SyncRun::SyncRun(Source& source, Load& load, StateStore& states, SavedState saved,
                 const ConfiguredCatalog& catalog, std::vector<StreamOutputs> outputs,
                 const SyncOptions& options, DestinationCalls& calls, SyncEvents& events,
                 std::stop_source abandon, std::stop_token stop)
    : source_(source),
      options_(options),
      events_(events),
      stop_(std::move(stop)),
      resume_from_(ResumeState(saved.state, catalog, options.start_anew)),
      streams_(MakeStreams(catalog, std::move(outputs))),
      context_(options, load, calls, events, std::move(abandon)),
      ledger_(context_, states, source, std::move(saved), Pointers(streams_)),
      started_(options.clock->Now()),
      reported_(streams_.size(), 0),
      next_report_(std::chrono::steady_clock::now()) {}

SyncRun::~SyncRun() = default;

SyncSummary SyncRun::Run() {
  watchdog_.emplace([this] { ReportStuck(); });
  abandoner_.emplace([this] { Abandon(); });
  std::optional<std::stop_callback<std::function<void()>>> on_stop, on_finish_early;
  on_stop.emplace(stop_, [this] { Abandon(); });
  on_finish_early.emplace(options_.finish_early, [this] { FinishEarly(); });
  source_thread_ = std::jthread([this] { events_.Post(SourceReturned{ReadAll()}); });
  std::optional<DestinationCalls::Call> last_commits;
  while (!Over()) {
    // All that is left are commits whose end the destination has not reported.
    if (source_returned_ && queues_drained_ && !input_ended_) {
      last_commits.emplace(context_.destination_calls);
      EndInput();
      continue;
    }
    if (context_.abandon.stop_requested()) watchdog_->Arm(Deadline::After(options_.cancel_limit));
    if (auto event = events_.Wait(NextWake())) Handle(*std::move(event));
    OnTick();
  }
  last_commits.reset();
  source_thread_.join();
  global_broken_ = output_ && output_->global_broken();
  output_.reset();
  FinishIncomplete();
  {
    const DestinationCalls::Call call(context_.destination_calls);
    if (const Status closed = context_.load.Close(); closed.failed()) {
      Log(LogLevel::kWarn, "closing the destination: {}", closed.ToString());
    }
  }
  on_stop.reset();
  on_finish_early.reset();
  abandoner_.reset();
  watchdog_.reset();
  ReportProgress(/*final=*/true);
  SyncSummary summary = Snapshot();
  summary.outcome = Outcome();
  SetFirstError(&summary);
  summary.last_saved = ledger_.last_saved();
  return summary;
}

Status SyncRun::ReadAll() {
  std::vector<SyncedStream*> rest = Pointers(streams_);
  if (auto* partitioned = dynamic_cast<PartitionedSource*>(&source_)) {
    PartitionReaders readers(*partitioned, context_, resume_from_);
    auto left = readers.Run(rest);
    if (!left.ok()) {
      events_.Post(QueuesDrained{});
      return left.status();
    }
    rest = *std::move(left);
  }
  return ReadQueued(rest);
}

Status SyncRun::ReadQueued(const std::vector<SyncedStream*>& streams) {
  if (streams.empty()) {
    events_.Post(QueuesDrained{});
    return Status::Ok();
  }
  ConfiguredCatalog catalog;
  for (const SyncedStream* stream : streams) catalog.streams.push_back(stream->configured());
  output_ = std::make_unique<QueuedOutput>(context_, streams, resume_from_);
  published_output_ = output_.get();
  Status status = source_.Read(catalog, resume_from_, *output_, context_.read_stop.get_token());
  if (!status.ok() && !status.failed() && !context_.read_stop.stop_requested()) {
    status =
        SystemError("the source stopped reading ({}) though nobody asked it to", status.ToString());
  }
  output_->Drain(status);
  return status;
}

void SyncRun::Handle(SyncEvent event) {
  if (auto* ready = std::get_if<ReadyCheckpoint>(&event)) {
    if (context_.abandon.stop_requested()) {
      return context_.uncommitted_bytes.GiveBack(ready->uncommitted_bytes);
    }
    ledger_.Take(std::move(*ready));
  } else if (const auto* report = std::get_if<CommitReport>(&event)) {
    ledger_.Take(*report);
  } else if (const auto* ended = std::get_if<LoadEnd>(&event)) {
    ledger_.Take(*ended);
    load_goes_on_ = false;
  } else if (const auto* returned = std::get_if<SourceReturned>(&event)) {
    source_status_ = returned->status;
    source_returned_ = true;
  } else if (std::holds_alternative<QueuesDrained>(event)) {
    queues_drained_ = true;
  }
}

void SyncRun::FinishEarly() {
  context_.commit_at_once = true;
  context_.read_stop.request_stop();
  abandoner_->Arm(Deadline::After(options_.finish_early_limit));
  watchdog_->Arm(Deadline::After(options_.finish_early_limit + options_.cancel_limit));
  events_.Post(StopRequested{});
}

void SyncRun::Abandon() {
  watchdog_->Arm(Deadline::After(options_.cancel_limit));
  context_.read_stop.request_stop();
  context_.abandon.request_stop();
  events_.Post(StopRequested{});
}

bool SyncRun::Over() const {
  if (!input_ended_) return false;
  return (ledger_.idle() && !load_goes_on_) || context_.abandon.stop_requested();
}

/// Nothing more comes of the source or the queues: every checkpoint was handed over.
void SyncRun::EndInput() {
  input_ended_ = true;
  if (!context_.abandon.stop_requested()) load_goes_on_ = context_.load.EndInput();
}

Deadline SyncRun::NextWake() const {
  auto tick = kTickMost;
  if (options_.commit_interval.count() > 0) tick = std::min(tick, options_.commit_interval / 10);
  if (options_.listener != nullptr) tick = std::min(tick, options_.progress_interval);
  return Deadline::After(std::max(tick, kTickLeast));
}

void SyncRun::OnTick() {
  ReportProgress(/*final=*/false);
  QueuedOutput* output = published_output_;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (output == nullptr || queues_drained_ || (now < next_nudge_ && !finishing_early())) return;
  next_nudge_ = now + kTickLeast;
  output->Nudge();
}

void SyncRun::ReportProgress(bool final) {
  if (options_.listener == nullptr) return;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!final && now < next_report_) return;
  next_report_ = now + options_.progress_interval;
  for (size_t i = 0; i < streams_.size(); ++i) {
    const uint64_t version = streams_[i]->version();
    if (version == reported_[i]) continue;
    reported_[i] = version;
    options_.listener->OnProgress(streams_[i]->Snapshot());
  }
}

void SyncRun::FinishIncomplete() {
  // A sync that was canceled or could not commit ends as if it had crashed: the next one cleans up.
  const bool quick = context_.abandon.stop_requested();
  const bool asked_to_stop = stop_.stop_requested() || finishing_early();
  for (const auto& stream : streams_) {
    if (stream->complete()) continue;
    const bool begun = stream->begun();
    if (begun || !asked_to_stop) stream->SetIncomplete(source_status_);
    if (quick || !begun) continue;
    const Status status = context_.FinishTables(*stream, StreamStatus::kIncomplete);
    if (status.failed()) {
      Log(LogLevel::kWarn, "finishing {}, which is incomplete: {}", stream->descriptor().ToString(),
          status.ToString());
    }
  }
}

SyncOutcome SyncRun::Outcome() const {
  const auto complete = std::count_if(streams_.begin(), streams_.end(),
                                      [](const auto& stream) { return stream->complete(); });
  if (ledger_.failure().failed()) return SyncOutcome::kFailed;
  if (complete == static_cast<std::ptrdiff_t>(streams_.size())) {
    // What a source breaks off with after all is complete costs nothing; what it finds wrong may.
    const bool wrong =
        source_status_.failed() && source_status_.error().type != FailureType::kTransientError;
    return wrong ? SyncOutcome::kFailed : SyncOutcome::kSucceeded;
  }
  if (stop_.stop_requested()) return SyncOutcome::kCanceled;
  if (finishing_early()) return SyncOutcome::kInterrupted;
  return complete > 0 && !global_broken_ ? SyncOutcome::kPartial : SyncOutcome::kFailed;
}

void SyncRun::SetFirstError(SyncSummary* summary) const {
  if (ledger_.failure().failed()) {
    summary->error = ledger_.failure().error();
    summary->error_origin = ledger_.failure_origin();
  } else if (source_status_.failed()) {
    summary->error = source_status_.error();
    summary->error_origin = FailureOrigin::kSource;
  }
  for (const StreamProgress& stream : summary->streams) {
    if (summary->error) return;
    summary->error = stream.error;
    summary->error_origin = stream.error_origin;
  }
}

SyncSummary SyncRun::Snapshot() const {
  SyncSummary summary;
  for (const auto& stream : streams_) {
    StreamProgress progress = stream->Snapshot();
    summary.records_read += progress.records_read;
    summary.bytes_read += progress.bytes_read;
    summary.records_committed += progress.records_committed;
    summary.streams.push_back(std::move(progress));
  }
  summary.elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.clock->Now() - started_);
  return summary;
}

void SyncRun::ReportStuck() const {
  if (!options_.stuck) return;
  SyncSummary summary = Snapshot();
  summary.outcome = stop_.stop_requested()                   ? SyncOutcome::kCanceled
                    : options_.finish_early.stop_requested() ? SyncOutcome::kInterrupted
                                                             : SyncOutcome::kFailed;
  const bool writing = context_.destination_calls.Longest() >= options_.cancel_limit;
  summary.error_origin = writing ? FailureOrigin::kDestination : FailureOrigin::kSource;
  summary.error = Error{
      FailureType::kTransientError,
      fmt::format("the {} did not stop when it was told to", writing ? "destination" : "source"),
      {},
      {}};
  options_.stuck(summary);
}

}  // namespace millrace
