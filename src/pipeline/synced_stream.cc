#include "pipeline/synced_stream.h"

namespace millrace {

void SyncedStream::CountRead(int64_t records, int64_t bytes) {
  records_read_ += records;
  bytes_read_ += bytes;
  Touch();
}

void SyncedStream::CountCommitted(int64_t records) {
  records_committed_ += records;
  Touch();
}

void SyncedStream::CountDerived(const RecordCounts& rows) {
  std::lock_guard lock(mutex_);
  for (const auto& [stream, count] : rows) derived_[stream] += count;
  Touch();
}

void SyncedStream::CountChangedValues(int64_t values) {
  values_changed_ += values;
  Touch();
}

void SyncedStream::CountMerge(const MergeTotals& merge) {
  std::lock_guard lock(mutex_);
  merge_ += merge;
  Touch();
}

void SyncedStream::SetEstimate(std::optional<int64_t> records, std::optional<int64_t> bytes) {
  std::lock_guard lock(mutex_);
  estimated_records_ = records;
  estimated_bytes_ = bytes;
  Touch();
}

void SyncedStream::SetRunning(StreamStatus status) {
  std::lock_guard lock(mutex_);
  if (status_ == status || status_ == StreamStatus::kComplete ||
      status_ == StreamStatus::kIncomplete) {
    return;
  }
  status_ = status;
  Touch();
}

void SyncedStream::SetComplete() {
  std::lock_guard lock(mutex_);
  status_ = StreamStatus::kComplete;
  Touch();
}

void SyncedStream::SetIncomplete(const Status& why, FailureOrigin origin) {
  {
    std::lock_guard lock(mutex_);
    status_ = StreamStatus::kIncomplete;
    if (!error_ && why.failed()) {
      error_ = why.WithStream(descriptor()).error();
      error_origin_ = origin;
    }
  }
  stopped_.store(true, std::memory_order_release);
  Touch();
}

bool SyncedStream::complete() const {
  std::lock_guard lock(mutex_);
  return status_ == StreamStatus::kComplete;
}

bool SyncedStream::begun() const {
  std::lock_guard lock(mutex_);
  return status_.has_value();
}

StreamProgress SyncedStream::Snapshot() const {
  StreamProgress progress;
  progress.stream = descriptor();
  progress.records_read = records_read_;
  progress.bytes_read = bytes_read_;
  progress.records_committed = records_committed_;
  progress.values_changed = values_changed_;
  std::lock_guard lock(mutex_);
  for (size_t i = 1; i < outputs_.streams.size(); ++i) {
    const StreamDescriptor& derived = outputs_.streams[i].descriptor();
    const auto found = derived_.find(derived);
    progress.derived.emplace_back(derived, found == derived_.end() ? 0 : found->second);
  }
  progress.merge = merge_;
  progress.status = status_;
  progress.error = error_;
  progress.error_origin = error_origin_;
  progress.estimated_records = estimated_records_;
  progress.estimated_bytes = estimated_bytes_;
  return progress;
}

}  // namespace millrace
