#include "pipeline/ledger.h"

#include <algorithm>

namespace millrace {

Ledger::Ledger(SyncContext& context, StateStore& states, Source& source, SavedState saved,
               const std::vector<SyncedStream*>& streams)
    : context_(context),
      states_(states),
      source_(source),
      state_(std::move(saved.state)),
      last_saved_(saved.checkpoint),
      last_id_(saved.checkpoint),
      durable_(saved.checkpoint) {
  for (SyncedStream* stream : streams) streams_.emplace(stream->descriptor(), stream);
}

void Ledger::Take(ReadyCheckpoint ready) {
  if (!failure_.ok()) {
    context_.uncommitted_bytes.GiveBack(ready.uncommitted_bytes);
    return;
  }
  Pending pending;
  pending.counts = std::move(ready.counts);
  pending.ends = std::move(ready.ends);
  pending.uncommitted_bytes = ready.uncommitted_bytes;
  if (!ready.state) {
    pending_.push_back(std::move(pending));
    return Settle(durable_);
  }
  pending.checkpoint = {++last_id_, *std::move(ready.state)};
  const Checkpoint checkpoint = pending.checkpoint;
  // Listed before the call: a destination may report from inside it.
  pending_.push_back(std::move(pending));
  const Status status = context_.load.Commit(checkpoint, std::move(ready.parts));
  if (!status.ok()) Fail(status.WithContext("committing"));
}

void Ledger::Take(const CommitReport& report) {
  if (!failure_.ok()) return;
  if (!report.status.ok()) return Fail(report.status.WithContext("committing"));
  durable_ = std::max(durable_, std::min(report.id, last_id_));
  Settle(durable_);
}

void Ledger::Settle(CheckpointId durable) {
  while (failure_.ok() && !pending_.empty() && pending_.front().checkpoint.id <= durable) {
    const Pending pending = std::move(pending_.front());
    pending_.pop_front();
    context_.uncommitted_bytes.GiveBack(pending.uncommitted_bytes);
    if (pending.checkpoint.id != 0) Save(pending);
    if (failure_.ok()) Finish(pending.ends);
  }
}

void Ledger::Save(const Pending& pending) {
  const Checkpoint& checkpoint = pending.checkpoint;
  const Status saved = states_.Save(checkpoint.state, checkpoint.id, pending.counts);
  if (!saved.ok()) return Fail(saved);
  last_saved_ = checkpoint.id;
  state_.Merge(checkpoint.state);
  source_.Acknowledge(state_);
  for (const auto& [descriptor, records] : pending.counts) {
    if (const auto found = streams_.find(descriptor); found != streams_.end()) {
      found->second->CountCommitted(records);
    }
  }
  if (context_.options.listener != nullptr) {
    context_.options.listener->OnStateSaved(checkpoint.state, checkpoint.id, pending.counts);
  }
}

void Ledger::Finish(const std::vector<SyncedStream*>& ends) {
  for (SyncedStream* stream : ends) {
    if (stream->stopped()) continue;
    const Status status = context_.load.FinishStream(stream->descriptor(), StreamStatus::kComplete);
    if (status.ok()) {
      stream->SetComplete();
    } else {
      stream->SetIncomplete(status.WithContext("finishing " + stream->descriptor().ToString()));
    }
  }
}

void Ledger::Fail(const Status& why) {
  failure_ = why;
  for (const Pending& pending : pending_) {
    context_.uncommitted_bytes.GiveBack(pending.uncommitted_bytes);
  }
  pending_.clear();
  context_.read_stop.request_stop();
  context_.abandon.request_stop();
}

}  // namespace millrace
