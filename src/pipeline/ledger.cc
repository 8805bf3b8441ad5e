#include "pipeline/ledger.h"

#include <algorithm>

#include "base/log.h"

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
  const std::vector<SyncedStream*> ends = pending.ends;
  if (ready.state) {
    pending.checkpoint = {++last_id_, *std::move(ready.state)};
    const Checkpoint checkpoint = pending.checkpoint;
    // Listed before the call: a destination may report from inside it.
    pending_.push_back(std::move(pending));
    Commit(checkpoint, std::move(ready.parts));
  } else {
    pending_.push_back(std::move(pending));
  }
  if (failure_.ok()) EndStreams(ends);
  Settle(durable_);
}

void Ledger::Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) {
  if (const Status may = context_.AwaitCommit(); !may.ok()) {
    return Fail(may.WithContext("committing"), FailureOrigin::kPlatform);
  }
  const DestinationCalls::Call call(context_.destination_calls);
  const Status status = context_.load.Commit(checkpoint, std::move(parts));
  if (!status.ok()) Fail(status.WithContext("committing"), FailureOrigin::kDestination);
}

void Ledger::EndStreams(const std::vector<SyncedStream*>& ends) {
  const DestinationCalls::Call call(context_.destination_calls);
  for (const SyncedStream* stream : ends) {
    for (const ConfiguredStream& table : stream->outputs().streams) {
      const Status status = context_.load.EndStream(table.descriptor());
      if (!status.ok())
        return Fail(status.WithContext(Finishing(*stream)), FailureOrigin::kDestination);
    }
  }
}

void Ledger::Take(const CommitReport& report) {
  if (!failure_.ok()) return;
  if (!report.status.ok()) {
    return Fail(report.status.WithContext("committing"), FailureOrigin::kDestination);
  }
  if (report.alone) {
    SettleAlone(report.id);
  } else {
    durable_ = std::max(durable_, std::min(report.id, last_id_));
  }
  Settle(durable_);
}

void Ledger::Take(const LoadEnd& end) {
  if (!failure_.ok()) return;
  if (!end.status.ok()) {
    Fail(end.status, FailureOrigin::kDestination);
    // The load would have finished their tables.
    for (const auto& [name, stream] : streams_) {
      if (stream->complete()) stream->SetIncomplete(failure_, FailureOrigin::kDestination);
    }
    return;
  }
  int64_t unconfirmed = 0;
  while (failure_.ok() && !pending_.empty()) {
    const Pending pending = std::move(pending_.front());
    pending_.pop_front();
    if (pending.checkpoint.id != 0 && IsOfUse(pending)) ++unconfirmed;
    SettleOne(pending, /*confirmed=*/false);
  }
  if (unconfirmed == 0) return;
  Log(LogLevel::kWarn,
      "the destination ended well but did not confirm {} of the states that it was given: they are "
      "not saved, and the next sync reads again what they cover",
      unconfirmed);
}

void Ledger::Settle(CheckpointId durable) {
  while (failure_.ok() && !pending_.empty() && pending_.front().checkpoint.id <= durable) {
    const Pending pending = std::move(pending_.front());
    pending_.pop_front();
    SettleOne(pending, /*confirmed=*/true);
  }
}

void Ledger::SettleAlone(CheckpointId id) {
  const auto found = std::find_if(pending_.begin(), pending_.end(), [id](const Pending& pending) {
    return pending.checkpoint.id == id;
  });
  if (found == pending_.end()) return;
  const Pending pending = std::move(*found);
  pending_.erase(found);
  SettleOne(pending, /*confirmed=*/true);
}

void Ledger::SettleOne(const Pending& pending, bool confirmed) {
  context_.uncommitted_bytes.GiveBack(pending.uncommitted_bytes);
  FinishAppends(pending.ends);
  if (failure_.ok() && confirmed && pending.checkpoint.id != 0) Save(pending);
  if (!failure_.ok()) return;
  CountCommitted(pending);
  Finish(pending.ends);
}

bool Ledger::IsOfUse(const Pending& pending) const {
  return std::any_of(pending.counts.begin(), pending.counts.end(), [this](const auto& entry) {
    const auto found = streams_.find(entry.first);
    return found == streams_.end() || found->second->configured().keeps_commits();
  });
}

void Ledger::Save(const Pending& pending) {
  const Checkpoint& checkpoint = pending.checkpoint;
  // Ids of saved states grow. Of a destination that commits out of turn nothing is withdrawn by id.
  const CheckpointId id = checkpoint.id > last_saved_ ? checkpoint.id : ++last_id_;
  const Status saved = states_.Save(checkpoint.state, id, pending.counts);
  if (!saved.ok()) return Fail(saved, FailureOrigin::kPlatform);
  last_saved_ = id;
  state_.Merge(checkpoint.state);
  source_.Acknowledge(state_);
  if (context_.options.listener != nullptr) {
    context_.options.listener->OnStateSaved(checkpoint.state, id, pending.counts);
  }
}

void Ledger::CountCommitted(const Pending& pending) {
  for (const auto& [descriptor, records] : pending.counts) {
    if (const auto found = streams_.find(descriptor); found != streams_.end()) {
      found->second->CountCommitted(records);
    }
  }
  for (const auto& [stream, rows] : pending.derived) stream->CountDerived(rows);
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
  if (!why.failed() && !context_.abandon.stop_requested()) {
    failure_ = SystemError("the {} stopped committing ({}) though nobody asked it to",
                           ToString(origin), why.ToString());
  }
  failure_origin_ = origin;
  for (const Pending& pending : pending_) {
    context_.uncommitted_bytes.GiveBack(pending.uncommitted_bytes);
  }
  pending_.clear();
  context_.read_stop.request_stop();
  context_.abandon.request_stop();
}

}  // namespace millrace
