#include "pipeline/sync_events.h"

#include <iterator>

namespace millrace {

void ReadyCheckpoint::Add(SyncedStream& stream, FlushedRows rows) {
  counts[stream.descriptor()] += rows.records;
  for (const auto& [table, count] : rows.derived) derived[&stream][table] += count;
  parts.insert(parts.end(), std::make_move_iterator(rows.parts.begin()),
               std::make_move_iterator(rows.parts.end()));
}

void SyncEvents::Post(SyncEvent event) {
  {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  posted_.notify_one();
}

std::optional<SyncEvent> SyncEvents::Wait(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto some = [&] { return !events_.empty(); };
  if (deadline.never()) {
    posted_.wait(lock, some);
  } else if (!posted_.wait_until(lock, deadline.when(), some)) {
    return std::nullopt;
  }
  SyncEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace millrace
