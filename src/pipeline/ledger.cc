#include "pipeline/ledger.h"

#include <algorithm>

namespace millrace {
namespace {

/// A full refresh that appends in one go: the next attempt reads all of it again and adds it to the
/// table.
bool AppendsAll(const SyncedStream& stream) {
  return !stream.configured().keeps_commits() && !stream.configured().replaces_table();
}

std::string Finishing(const SyncedStream& stream) {
  return "finishing " + stream.descriptor().ToString();
}

}  // namespace

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
  pending.derived = std::move(ready.derived);
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
  if (const Status may = context_.AwaitCommit(); !may.ok()) {
    return Fail(may.WithContext("committing"), FailureOrigin::kPlatform);
  }
  const DestinationCalls::Call call(context_.destination_calls);
  const Status status = context_.load.Commit(checkpoint, std::move(ready.parts));
  if (!status.ok()) Fail(status.WithContext("committing"), FailureOrigin::kDestination);
}

void Ledger::Take(const CommitReport& report) {
  if (!failure_.ok()) return;
  if (!report.status.ok()) {
    return Fail(report.status.WithContext("committing"), FailureOrigin::kDestination);
  }
  durable_ = std::max(durable_, std::min(report.id, last_id_));
  Settle(durable_);
}

void Ledger::Settle(CheckpointId durable) {
  while (failure_.ok() && !pending_.empty() && pending_.front().checkpoint.id <= durable) {
    const Pending pending = std::move(pending_.front());
    pending_.pop_front();
    context_.uncommitted_bytes.GiveBack(pending.uncommitted_bytes);
    FinishAppends(pending.ends);
    if (failure_.ok() && pending.checkpoint.id != 0) Save(pending);
    if (failure_.ok()) Finish(pending.ends);
  }
}

void Ledger::Save(const Pending& pending) {
  const Checkpoint& checkpoint = pending.checkpoint;
  const Status saved = states_.Save(checkpoint.state, checkpoint.id, pending.counts);
  if (!saved.ok()) return Fail(saved, FailureOrigin::kPlatform);
  last_saved_ = checkpoint.id;
  state_.Merge(checkpoint.state);
  source_.Acknowledge(state_);
  for (const auto& [descriptor, records] : pending.counts) {
    if (const auto found = streams_.find(descriptor); found != streams_.end()) {
      found->second->CountCommitted(records);
    }
  }
  for (const auto& [stream, rows] : pending.derived) stream->CountDerived(rows);
  if (context_.options.listener != nullptr) {
    context_.options.listener->OnStateSaved(checkpoint.state, checkpoint.id, pending.counts);
  }
}

void Ledger::FinishAppends(const std::vector<SyncedStream*>& ends) {
  for (SyncedStream* stream : ends) {
    if (stream->stopped() || !AppendsAll(*stream)) continue;
    const Status status = context_.FinishTables(*stream, StreamStatus::kComplete);
    // Were its state, or a later one, saved now, its rows could not be withdrawn any more.
    if (!status.ok()) {
      return Fail(status.WithContext(Finishing(*stream)), FailureOrigin::kDestination);
    }
  }
}

void Ledger::Finish(const std::vector<SyncedStream*>& ends) {
  for (SyncedStream* stream : ends) {
    if (stream->stopped()) continue;
    const Status status = AppendsAll(*stream)
                              ? Status::Ok()  // finished before
                              : context_.FinishTables(*stream, StreamStatus::kComplete);
    if (status.ok()) {
      stream->SetComplete();
    } else {
      stream->SetIncomplete(status.WithContext(Finishing(*stream)), FailureOrigin::kDestination);
    }
  }
}

void Ledger::Fail(const Status& why, FailureOrigin origin) {
  failure_ = why;
  failure_origin_ = origin;
  for (const Pending& pending : pending_) {
    context_.uncommitted_bytes.GiveBack(pending.uncommitted_bytes);
  }
  pending_.clear();
  context_.read_stop.request_stop();
  context_.abandon.request_stop();
}

}  // namespace millrace
