#include "pipeline/global_round.h"

namespace millrace {

void GlobalRound::Contribute(SyncedStream& stream, std::optional<StagedParts> parts,
                             int64_t records, bool ends) {
  std::lock_guard lock(mutex_);
  if (parts) {
    ready_.parts.push_back(*std::move(parts));
    ready_.counts[stream.descriptor()] += records;
  }
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
