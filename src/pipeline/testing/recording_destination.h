#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "connector/destination.h"

namespace millrace {

/// What happened, in order, from every thread of a test.
class Journal {
 public:
  void Add(std::string line) {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }
  /// The place of a line; -1 when it never came.
  int Find(const std::string& line) const {
    std::lock_guard lock(mutex_);
    const auto found = std::find(lines_.begin(), lines_.end(), line);
    return found == lines_.end() ? -1 : static_cast<int>(found - lines_.begin());
  }
  int Count(const std::string& prefix) const {
    std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(
        lines_.begin(), lines_.end(), [&](const auto& line) { return line.starts_with(prefix); }));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A valve that a test can close: whoever comes by waits until it is open again. At most 20 s, so
/// that a test that forgets to open it fails instead of hanging.
class Cork {
 public:
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void Open() {
    {
      std::lock_guard lock(mutex_);
      closed_ = false;
    }
    opened_.notify_all();
  }
  void Pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    if (!opened_.wait_for(lock, std::chrono::seconds(20), [&] { return !closed_; })) {
      closed_ = false;
    }
    --waiting_;
  }
  int waiting() const {
    std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable opened_;
  bool closed_ = false;
  int waiting_ = 0;
};

/// A destination in memory that keeps what was committed across loads, withdraws as the contract
/// says, and misbehaves on demand. Rows are the values of the column "id".
class RecordingDestination : public Destination {
 public:
  struct Row {
    int64_t id;
    std::string epoch;
    CheckpointId checkpoint;
  };

  explicit RecordingDestination(Journal& journal) : journal(journal) {}

  Status Check() override { return Status::Ok(); }
  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog& catalog,
                                         const LoadContext& context,
                                         CommitListener& listener) override;

  /// The committed ids of a stream, sorted.
  std::vector<int64_t> Ids(const StreamDescriptor& stream) const {
    std::lock_guard lock(mutex);
    std::vector<int64_t> ids;
    if (const auto found = tables.find(stream); found != tables.end()) {
      for (const Row& row : found->second) ids.push_back(row.id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  Journal& journal;
  Cork write_cork;
  Cork commit_cork;  ///< holds the reports of commits, which come from a thread of their own
  bool report_at_once = true;
  bool has_commits = true;  ///< of streams that go on

  std::function<Status(const StreamDescriptor&, int64_t rows_before)> on_write;
  std::function<Status(CheckpointId)> on_commit;   ///< asked before anything is committed
  std::function<Status(CheckpointId)> on_durable;  ///< asked before a commit is reported
  std::function<Status(const StreamDescriptor&, StreamStatus)> on_finish;

  mutable std::mutex mutex;
  std::map<StreamDescriptor, std::vector<Row>> tables;           // guarded by mutex
  std::map<StreamDescriptor, std::vector<std::string>> schemas;  // guarded by mutex
  std::map<StreamDescriptor, int> open_writers;                  // guarded by mutex
  std::map<StreamDescriptor, int> most_writers;                  // guarded by mutex
  int all_writers = 0;                                           // guarded by mutex
  int most_of_all_writers = 0;                                   // guarded by mutex
  int64_t bytes_written = 0;                                     // guarded by mutex
};

class RecordingWriter : public StreamWriter {
 public:
  RecordingWriter(RecordingDestination& world, const StreamDescriptor& stream,
                  const SchemaPtr& schema, int lane)
      : world_(world), stream_(stream), lane_(lane) {
    std::lock_guard lock(world_.mutex);
    world_.schemas[stream] = schema->field_names();
    world_.most_writers[stream] =
        std::max(world_.most_writers[stream], ++world_.open_writers[stream]);
    world_.most_of_all_writers = std::max(world_.most_of_all_writers, ++world_.all_writers);
  }
  ~RecordingWriter() override {
    std::lock_guard lock(world_.mutex);
    --world_.open_writers[stream_];
    --world_.all_writers;
  }

  Status Write(const ChangeBatch& batch) override {
    world_.write_cork.Pass();
    if (world_.on_write) MR_RETURN_IF_ERROR(world_.on_write(stream_, rows_));
    const auto column = batch.rows->GetColumnByName("id");
    for (int64_t i = 0; i < batch.num_rows(); ++i) {
      staged_.push_back(static_cast<const arrow::Int64Array&>(*column).Value(i));
    }
    rows_ += batch.num_rows();
    std::lock_guard lock(world_.mutex);
    world_.bytes_written += batch.num_bytes();
    return Status::Ok();
  }

  Status SetSchema(const SchemaPtr& schema) override {
    world_.journal.Add("schema " + stream_.ToString() + " " + std::to_string(schema->num_fields()));
    std::lock_guard lock(world_.mutex);
    world_.schemas[stream_] = schema->field_names();
    return Status::Ok();
  }

  Status Truncate() override {
    world_.journal.Add("truncate " + stream_.ToString());
    staged_.clear();
    truncated_ = true;
    return Status::Ok();
  }

  Result<StagedParts> Flush() override {
    StagedParts parts;
    parts.stream = stream_;
    parts.lane = lane_;
    parts.records = static_cast<int64_t>(staged_.size());
    parts.bytes = parts.records * 8;
    parts.parts = Json{{"ids", staged_}, {"truncated", truncated_}};
    staged_.clear();
    truncated_ = false;
    return parts;
  }

 private:
  RecordingDestination& world_;
  const StreamDescriptor stream_;
  const int lane_;
  int64_t rows_ = 0;
  std::vector<int64_t> staged_;
  bool truncated_ = false;
};

class RecordingLoad : public Load {
 public:
  RecordingLoad(RecordingDestination& world, const LoadContext& context, CommitListener& listener)
      : world_(world), context_(context), listener_(listener) {
    if (!world_.report_at_once) reporter_ = std::jthread([this] { ReportLoop(); });
  }
  ~RecordingLoad() override { StopReporting(); }

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                   const SchemaPtr& schema, int lane) override {
    world_.journal.Add("open " + stream.descriptor().ToString());
    return std::make_unique<RecordingWriter>(world_, stream.descriptor(), schema, lane);
  }

  Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) override {
    if (world_.on_commit) MR_RETURN_IF_ERROR(world_.on_commit(checkpoint.id));
    world_.journal.Add(fmt::format("commit {}", checkpoint.id));
    if (world_.report_at_once) {
      MakeDurable(checkpoint.id, parts);
      return Status::Ok();
    }
    std::lock_guard lock(mutex_);
    to_report_.emplace_back(checkpoint.id, std::move(parts));
    changed_.notify_all();
    return Status::Ok();
  }

  Status FinishStream(const StreamDescriptor& stream, StreamStatus status) override {
    world_.journal.Add(fmt::format("finish {} {}", stream.ToString(), ToString(status)));
    return world_.on_finish ? world_.on_finish(stream, status) : Status::Ok();
  }

  bool HasCommitsOf(const StreamDescriptor&) const override { return world_.has_commits; }

  Status Close() override {
    StopReporting();
    world_.journal.Add("close");
    return Status::Ok();
  }

 private:
  void MakeDurable(CheckpointId id, const std::vector<StagedParts>& parts) {
    if (world_.on_durable) {
      if (const Status status = world_.on_durable(id); !status.ok()) {
        return listener_.CommitFailed(id, status);
      }
    }
    {
      std::lock_guard lock(world_.mutex);
      for (const StagedParts& part : parts) {
        auto& table = world_.tables[part.stream];
        if ((*part.parts)["truncated"].get<bool>()) table.clear();
        for (const Json& row : (*part.parts)["ids"]) {
          table.push_back({row.get<int64_t>(), context_.epoch, id});
        }
      }
    }
    world_.journal.Add(fmt::format("durable {}", id));
    listener_.Committed(id);
  }

  void ReportLoop() {
    for (;;) {
      std::pair<CheckpointId, std::vector<StagedParts>> next;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || !to_report_.empty(); });
        if (to_report_.empty()) return;
        next = std::move(to_report_.front());
        to_report_.pop_front();
      }
      world_.commit_cork.Pass();
      MakeDurable(next.first, next.second);
    }
  }

  void StopReporting() {
    if (!reporter_.joinable()) return;
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    reporter_.join();
  }

  RecordingDestination& world_;
  const LoadContext context_;
  CommitListener& listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<CheckpointId, std::vector<StagedParts>>> to_report_;  // guarded by mutex_
  bool closed_ = false;                                                      // guarded by mutex_
  std::jthread reporter_;
};

inline Result<std::unique_ptr<Load>> RecordingDestination::OpenLoad(
    const ConfiguredCatalog& catalog, const LoadContext& context, CommitListener& listener) {
  (void)catalog;
  {
    std::lock_guard lock(mutex);
    for (auto& [stream, rows] : tables) {
      std::erase_if(rows, [&](const Row& row) {
        return row.epoch == context.epoch && row.checkpoint > context.last_saved;
      });
    }
  }
  return std::make_unique<RecordingLoad>(*this, context, listener);
}

}  // namespace millrace
