#include "pipeline/global_round.h"

namespace millrace {

void GlobalRound::Contribute(SyncedStream& stream, FlushedRows rows, bool ends) {
  std::lock_guard lock(mutex_);
  if (!rows.parts.empty()) ready_.Add(stream, std::move(rows));
  if (ends) ready_.ends.push_back(&stream);
  CountDown();
}

void GlobalRound::Break() {
  std::lock_guard lock(mutex_);
  broken_ = true;
  CountDown();
}

void GlobalRound::CountDown() {
  if (--waiting_ == 0 && !broken_) context_.PostReady(std::move(ready_));
}

}  // namespace millrace
