#include "pipeline/stream_queue.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace millrace {
namespace {

/// Items of one turn on a writer thread, so that streams take turns.
constexpr int kItemsPerTurn = 16;

}  // namespace

StreamQueue::StreamQueue(SyncContext& context, WriterPool& pool, SyncedStream& stream,
                         std::optional<StateMessage> resumed, std::function<void()> on_drained)
    : context_(context),
      pool_(pool),
      stream_(stream),
      on_drained_(std::move(on_drained)),
      lane_(context, stream, /*number=*/0),
      last_state_(std::move(resumed)),
      last_flush_(context.options.clock->Now()) {}

void StreamQueue::Push(QueueItem item, int64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    entries_.push_back({std::move(item), bytes});
    if (scheduled_) return;
    scheduled_ = true;
  }
  pool_.Schedule(this);
}

bool StreamQueue::RunSome() {
  for (int i = 0; i < kItemsPerTurn; ++i) {
    Entry entry;
    {
      std::lock_guard lock(mutex_);
      if (entries_.empty()) {
        scheduled_ = false;
        return false;
      }
      entry = std::move(entries_.front());
      entries_.pop_front();
    }
    Process(std::move(entry.item));
    context_.queue_bytes.GiveBack(entry.bytes);
  }
  return true;
}

void StreamQueue::Process(QueueItem item) {
  std::visit([this](auto&& one) { On(std::move(one)); }, std::move(item));
  checkpoint_waits_ = at_checkpoint_ && !closed_;
}

void StreamQueue::On(OpenItem item) {
  if (Gone()) return;
  if (const Status status = lane_.Open(item.schema); !status.ok()) Fail(status);
}

void StreamQueue::On(ChangeBatch batch) {
  if (Gone()) return;
  at_checkpoint_ = false;
  uncovered_ = true;
  if (const Status status = lane_.Write(std::move(batch)); !status.ok()) Fail(status);
}

void StreamQueue::On(TruncateItem) {
  if (Gone()) return;
  at_checkpoint_ = false;
  uncovered_ = true;
  if (const Status status = lane_.Truncate(); !status.ok()) Fail(status);
}

void StreamQueue::On(CheckpointItem item) {
  if (Gone()) return;
  last_state_ = std::move(item.state);
  at_checkpoint_ = true;
  uncovered_ = false;
  own_states_ = true;
  if (Due()) Stage(last_state_, /*ends=*/false);
}

void StreamQueue::On(NudgeItem) {
  if (!Gone() && Due()) Stage(last_state_, /*ends=*/false);
}

void StreamQueue::On(std::shared_ptr<GlobalRound> round) {
  // A stream with states of its own, or one that has ended, has no part in it.
  const bool apart = own_states_ || closed_;
  if (apart && !broken_) return round->Contribute(stream_, {}, /*ends=*/false);
  if (Gone()) return round->Break();
  auto rows = lane_.Flush();
  if (!rows.ok()) {
    Fail(rows.status());
    return round->Break();
  }
  last_flush_ = context_.options.clock->Now();
  at_checkpoint_ = false;  // the round has taken it
  uncovered_ = false;
  round->Contribute(stream_, *std::move(rows), end_ && end_->complete);
  if (!end_) return;
  if (!end_->complete) stream_.SetIncomplete(end_->why);
  Close();
}

void StreamQueue::On(EndItem item) {
  if (Gone()) return;
  if (item.complete && !lane_.is_open()) {
    return Fail(SystemError("the source says that {} is complete but never opened it",
                            stream_.descriptor().ToString()));
  }
  end_ = std::move(item);
  if (!own_states_ && (end_->await_global || incremental())) return;
  if (end_->complete) return StageEnd(LastState());
  // What the last state covers is good; what came after will be read again.
  if (at_checkpoint_ && incremental()) Stage(last_state_, /*ends=*/false);
  broken_ = uncovered_;
  stream_.SetIncomplete(end_->why);
  Close();
}

void StreamQueue::On(DrainItem item) {
  if (!Gone()) {
    if (end_ && end_->complete && !item.global) {
      StageEnd(LastState());
    } else {
      if (at_checkpoint_ && incremental()) Stage(last_state_, /*ends=*/false);
      const Status& ended = end_ && end_->complete ? item.read : item.unended;
      const Status& why = end_ && !end_->complete ? end_->why : ended;
      // A stream that nobody came to before the sync was told to stop is not incomplete.
      if (!why.canceled() || stream_.begun()) stream_.SetIncomplete(why);
    }
  }
  Close();
  on_drained_();
}

bool StreamQueue::incremental() const {
  return stream_.configured().sync_mode == SyncMode::kIncremental;
}

bool StreamQueue::Due() const {
  const SyncOptions& options = context_.options;
  // A full refresh that is cut short starts again: nobody would use what it committed on the way.
  if (!at_checkpoint_ || !incremental()) return false;
  if (context_.commit_at_once) return true;
  if (!context_.load.WantsCheckpoint()) return false;
  return options.commit_interval.count() == 0 ||
         options.clock->Now() - last_flush_ >= options.commit_interval ||
         lane_.bytes_since_flush() >= options.commit_bytes;
}

void StreamQueue::Stage(std::optional<StateMessage> state, bool ends) {
  ReadyCheckpoint ready;
  FlushedRows rows;
  if (lane_.is_open()) {
    auto flushed = lane_.Flush();
    if (!flushed.ok()) return Fail(flushed.status());
    rows = *std::move(flushed);
  }
  last_flush_ = context_.options.clock->Now();
  at_checkpoint_ = false;  // nothing waits any more
  uncovered_ = false;
  ready.Add(stream_, std::move(rows));
  ready.state = std::move(state);
  if (ends) {
    ready.ends.push_back(&stream_);
    Close();
  }
  context_.PostReady(std::move(ready));
}

void StreamQueue::StageEnd(const StateMessage& state) {
  if (uncovered_ && incremental()) {
    Log(LogLevel::kWarn,
        "{}: the source sent rows after its last state; the next sync will read them again",
        stream_.descriptor().ToString());
  }
  const bool left = uncovered_ || at_checkpoint_;
  Stage(left ? std::optional(state) : std::nullopt, /*ends=*/true);
}

StateMessage StreamQueue::LastState() const {
  return last_state_ ? *last_state_ : StateMessage::OfStream(stream_.descriptor(), Json::object());
}

void StreamQueue::Fail(const Status& why) {
  stream_.SetIncomplete(why);
  broken_ = true;
  Close();
}

void StreamQueue::Close() {
  lane_.Close();
  closed_ = true;
  at_checkpoint_ = false;
}

}  // namespace millrace
