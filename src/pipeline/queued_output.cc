#include "pipeline/queued_output.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

/// What an item without rows counts in the queue, so that their number is bounded too.
constexpr int64_t kControlBytes = 1024;

std::optional<StateMessage> ResumedState(const State& resume_from, const StreamDescriptor& stream) {
  const Json* state = resume_from.Find(stream);
  if (state == nullptr) return std::nullopt;
  return StateMessage::OfStream(stream, *state);
}

}  // namespace

QueuedOutput::QueuedOutput(SyncContext& context, const std::vector<SyncedStream*>& streams,
                           const State& resume_from)
    : context_(context),
      undrained_(streams.size()),
      global_seen_(resume_from.shared_state().has_value()),
      last_round_(context.options.clock->Now()),
      pool_(context.options.writer_threads) {
  if (global_seen_) global_state_ = resume_from.ToMessages().front();
  const auto drained = [this] {
    if (--undrained_ == 0) context_.events.Post(QueuesDrained{});
  };
  for (SyncedStream* stream : streams) {
    inlets_[stream->descriptor()].queue = std::make_unique<StreamQueue>(
        context, pool_, *stream, ResumedState(resume_from, stream->descriptor()), drained);
  }
}

Status QueuedOutput::Open(const StreamDescriptor& stream, const SchemaPtr& schema) {
  MR_ASSIGN_OR_RETURN(Inlet * inlet, Find(stream));
  inlet->opened = true;
  return PushControl(*inlet, OpenItem{schema});
}

Status QueuedOutput::Emit(const StreamDescriptor& stream, ChangeBatch batch, Deadline deadline) {
  MR_ASSIGN_OR_RETURN(Inlet * inlet, Find(stream));
  if (!inlet->opened) {
    return Misuse(*inlet, SystemError("the source sent rows of {} before it opened the stream",
                                      stream.ToString()));
  }
  const std::stop_token stop = context_.read_stop.get_token();
  const int64_t records = batch.num_rows();
  const int64_t bytes = batch.num_bytes();
  MR_RETURN_IF_ERROR(context_.uncommitted_bytes.Take(0, deadline, stop));
  MR_RETURN_IF_ERROR(context_.queue_bytes.Take(bytes + kControlBytes, deadline, stop));
  SyncedStream& synced = inlet->queue->stream();
  synced.CountRead(records, bytes);
  synced.SetRunning(StreamStatus::kRunning);
  std::shared_lock lock(push_mutex_);
  inlet->queue->Push(std::move(batch), bytes + kControlBytes);
  rows_since_global_ = true;
  bytes_since_round_ += bytes;
  return Status::Ok();
}

Status QueuedOutput::Truncate(const StreamDescriptor& stream) {
  MR_ASSIGN_OR_RETURN(Inlet * inlet, Find(stream));
  if (!inlet->opened) {
    return Misuse(*inlet, SystemError("the source truncated {} before it opened the stream",
                                      stream.ToString()));
  }
  return PushControl(*inlet, TruncateItem{});
}

Status QueuedOutput::Checkpoint(StateMessage state) {
  if (state.type != StateMessage::Type::kStream) return CheckpointGlobal(std::move(state));
  const StreamDescriptor stream = state.streams.at(0).first;
  const auto found = inlets_.find(stream);
  if (found == inlets_.end()) {
    return SystemError("the source checkpointed {}, which is not in the catalog",
                       stream.ToString());
  }
  // Also after a request to stop: a source may say where it stood.
  if (context_.abandon.stop_requested()) return Status::Canceled();
  if (found->second.queue->stream().stopped()) return Status::StreamStopped();
  MR_RETURN_IF_ERROR(
      context_.queue_bytes.Take(kControlBytes, Deadline::Never(), context_.abandon.get_token()));
  std::shared_lock lock(push_mutex_);
  found->second.queue->Push(CheckpointItem{std::move(state)}, kControlBytes);
  return Status::Ok();
}

Status QueuedOutput::CheckpointGlobal(StateMessage state) {
  global_seen_ = true;
  // A state that covers rows which were lost on the way is not saved, nor is any later one.
  if (global_broken()) context_.read_stop.request_stop();
  if (global_broken() || context_.abandon.stop_requested()) return Status::Canceled();
  const auto bytes = kControlBytes * static_cast<int64_t>(inlets_.size());
  MR_RETURN_IF_ERROR(
      context_.queue_bytes.Take(bytes, Deadline::Never(), context_.abandon.get_token()));
  std::unique_lock lock(push_mutex_);
  global_state_ = std::move(state);
  rows_since_global_ = false;
  global_waits_ = true;
  if (GlobalDue()) StartRound(global_state_);
  context_.queue_bytes.GiveBack(bytes);
  return Status::Ok();
}

bool QueuedOutput::GlobalDue() const {
  const SyncOptions& options = context_.options;
  if (context_.commit_at_once) return true;
  if (!context_.load.WantsCheckpoint()) return false;
  return options.clock->Now() - last_round_ >= options.commit_interval ||
         bytes_since_round_ >= options.commit_bytes;
}

bool QueuedOutput::global_broken() const {
  return global_seen_ && std::any_of(inlets_.begin(), inlets_.end(), [](const auto& entry) {
           const Inlet& inlet = entry.second;
           return inlet.queue->broken() || (inlet.queue->stream().stopped() && !inlet.ended);
         });
}

void QueuedOutput::StartRound(std::optional<StateMessage> state) {
  auto round = std::make_shared<GlobalRound>(context_, std::move(state), inlets_.size());
  for (auto& [descriptor, inlet] : inlets_) {
    context_.queue_bytes.Force(kControlBytes);
    inlet.queue->Push(round, kControlBytes);
  }
  global_waits_ = false;
  bytes_since_round_ = 0;
  last_round_ = context_.options.clock->Now();
}

void QueuedOutput::Nudge() {
  {
    std::unique_lock lock(push_mutex_);
    if (global_waits_ && !rows_since_global_ && GlobalDue()) StartRound(global_state_);
  }
  for (auto& [descriptor, inlet] : inlets_) {
    if (!inlet.queue->TakeCheckpointWaits()) continue;
    context_.queue_bytes.Force(kControlBytes);
    inlet.queue->Push(NudgeItem{}, kControlBytes);
  }
}

void QueuedOutput::ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                                std::optional<Error> error) {
  const auto found = inlets_.find(stream);
  if (found == inlets_.end()) return;
  Inlet& inlet = found->second;
  inlet.mentioned = true;
  SyncedStream& synced = inlet.queue->stream();
  if (status == StreamStatus::kStarted || status == StreamStatus::kRunning) {
    return synced.SetRunning(status);
  }
  if (inlet.ended.exchange(true)) return;
  EndItem end;
  end.complete = status == StreamStatus::kComplete;
  end.await_global = global_seen_;
  if (!end.complete) {
    end.why = error ? Status::Failed(*std::move(error))
                    : SystemError("the source gave up {} without saying why", stream.ToString());
  }
  context_.queue_bytes.Force(kControlBytes);
  std::shared_lock lock(push_mutex_);
  inlet.queue->Push(std::move(end), kControlBytes);
}

void QueuedOutput::ReportEstimate(const StreamDescriptor& stream, std::optional<int64_t> rows,
                                  std::optional<int64_t> bytes) {
  const auto found = inlets_.find(stream);
  if (found != inlets_.end()) found->second.queue->stream().SetEstimate(rows, bytes);
}

void QueuedOutput::Drain(const Status& read) {
  std::unique_lock lock(push_mutex_);
  // The last round ends the streams that wait for it. Rows after the last global state go with it
  // when the source says that all is read; when it failed they will be read again.
  const bool covered = !rows_since_global_;
  if (global_seen_ && (covered || read.ok())) {
    StartRound(global_waits_ || !covered ? global_state_ : std::nullopt);
  }
  for (auto& [descriptor, inlet] : inlets_) {
    DrainItem drain;
    drain.global = global_seen_;
    drain.read = read;
    drain.unended = WhyUnended(inlet, read);
    context_.queue_bytes.Force(kControlBytes);
    inlet.queue->Push(std::move(drain), kControlBytes);
  }
  if (inlets_.empty()) context_.events.Post(QueuesDrained{});
}

Status QueuedOutput::WhyUnended(const Inlet& inlet, const Status& read) const {
  if (!read.ok()) return read;
  const std::string name = inlet.queue->stream().descriptor().ToString();
  if (!inlet.mentioned && !inlet.opened) {
    return SystemError("the source never mentioned {}, though the catalog asks for it", name);
  }
  return SystemError("the source ended without saying whether {} is complete", name);
}

Result<QueuedOutput::Inlet*> QueuedOutput::Find(const StreamDescriptor& stream) {
  if (context_.read_stop.stop_requested()) return Status::Canceled();
  const auto found = inlets_.find(stream);
  if (found == inlets_.end()) {
    return SystemError("the source sent {}, which is not in the catalog", stream.ToString());
  }
  Inlet& inlet = found->second;
  if (inlet.queue->stream().stopped()) return Status::StreamStopped();
  if (inlet.ended) {
    return Misuse(inlet,
                  SystemError("the source sent more of {} after its end", stream.ToString()));
  }
  return &inlet;
}

Status QueuedOutput::Misuse(Inlet& inlet, const Status& why) {
  inlet.queue->stream().SetIncomplete(why);
  return Status::StreamStopped();
}

Status QueuedOutput::PushControl(Inlet& inlet, QueueItem item) {
  MR_RETURN_IF_ERROR(
      context_.queue_bytes.Take(kControlBytes, Deadline::Never(), context_.read_stop.get_token()));
  std::shared_lock lock(push_mutex_);
  inlet.queue->Push(std::move(item), kControlBytes);
  rows_since_global_ = true;
  return Status::Ok();
}

}  // namespace millrace
