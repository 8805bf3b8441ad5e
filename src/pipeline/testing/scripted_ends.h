#pragma once

#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "connector/resumable_source.h"
#include "pipeline/testing/recording_destination.h"
#include "protocol/state_store.h"

namespace millrace {

/// The schema of every test stream: {"id": int64}.
inline const SchemaPtr& IdSchema() {
  static const SchemaPtr schema = arrow::schema({arrow::field("id", arrow::int64(), false)});
  return schema;
}

/// The rows first … first + count - 1.
inline ChangeBatch Ids(int64_t first, int64_t count) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < count; ++i) (void)builder.Append(first + i);
  return {arrow::RecordBatch::Make(IdSchema(), count, {*builder.Finish()}), {}, {}};
}

inline ConfiguredStream TestStream(const std::string& name,
                                   SyncMode mode = SyncMode::kIncremental) {
  ConfiguredStream stream;
  stream.stream.descriptor = {name, {}};
  stream.sync_mode = mode;
  stream.destination = stream.stream.descriptor;
  return stream;
}

/// A source whose Read is the test's.
class ScriptSource : public Source {
 public:
  using ReadFunction =
      std::function<Status(const ConfiguredCatalog&, const State&, SourceOutput&, std::stop_token)>;
  ScriptSource(Journal& journal, ReadFunction read) : journal_(journal), read_(std::move(read)) {}

  Status Check() override { return Status::Ok(); }
  Result<Catalog> Discover() override { return Catalog(); }
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override {
    return read_(catalog, resume_from, output, std::move(stop));
  }
  void Acknowledge(const State& saved) override {
    (void)saved;
    journal_.Add("acknowledged");
  }

 private:
  Journal& journal_;
  ReadFunction read_;
};

/// A source of partitions: stream name → rows of each partition.
class PartitionSource : public ResumableSource {
 public:
  explicit PartitionSource(std::map<std::string, std::vector<int64_t>> partitions)
      : partitions_(std::move(partitions)) {}

  Status Check() override { return Status::Ok(); }
  Result<Catalog> Discover() override { return Catalog(); }

  Result<std::vector<Partition>> Split(const ConfiguredStream& stream,
                                       const State& resume_from) override {
    std::vector<Partition> partitions;
    const Json* const saved = resume_from.Find(stream.descriptor());
    if (saved != nullptr && !checkpoint_interval) return partitions;
    int64_t first = 0;
    for (const int64_t rows : partitions_[stream.descriptor().name]) {
      partitions.push_back({stream.descriptor(), std::to_string(partitions.size()),
                            Json{{"first", first}, {"rows", rows}}});
      first += rows;
    }
    if (saved == nullptr) return partitions;
    const auto done = (*saved)["done"].get<std::ptrdiff_t>();
    partitions.erase(partitions.begin(), partitions.begin() + done);
    return partitions;
  }

  Status ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                       SourceOutput& output, std::stop_token stop) override {
    {
      std::lock_guard lock(mutex_);
      order_.push_back(stream.descriptor().name);
    }
    MR_RETURN_IF_ERROR(output.Open(stream.descriptor(), IdSchema()));
    const auto first = (*partition.spec)["first"].get<int64_t>();
    const auto rows = (*partition.spec)["rows"].get<int64_t>();
    for (int64_t at = 0; at < rows; at += 10) {
      if (stop.stop_requested()) return Status::Canceled();
      if (on_emit) MR_RETURN_IF_ERROR(on_emit(stream.descriptor(), partition.id));
      MR_RETURN_IF_ERROR(output.Emit(stream.descriptor(),
                                     Ids(first + at, std::min<int64_t>(10, rows - at)),
                                     Deadline::Never()));
    }
    return Status::Ok();
  }

  Result<StateMessage> StateAfter(const ConfiguredStream& stream,
                                  const std::vector<std::string>& done) override {
    // The number of the first partition that is not done; they come in order.
    size_t next = 0;
    for (size_t i = 0; i < done.size(); ++i) {
      EXPECT_EQ(std::stoul(done[i]), std::stoul(done[0]) + i);
      next = std::stoul(done[i]) + 1;
    }
    return StateMessage::OfStream(stream.descriptor(), {{"done", next}});
  }
  std::optional<std::chrono::milliseconds> CheckpointInterval(const ConfiguredStream&) override {
    return checkpoint_interval;
  }
  Result<bool> CanGoOn(const ConfiguredStream&, const State&, std::stop_token) override {
    return can_go_on;
  }

  Status Read(const ConfiguredCatalog& catalog, const State&, SourceOutput& output,
              std::stop_token) override {
    for (const ConfiguredStream& stream : catalog.streams) {
      MR_RETURN_IF_ERROR(output.Open(stream.descriptor(), IdSchema()));
      output.ReportStatus(stream.descriptor(), StreamStatus::kComplete);
    }
    return Status::Ok();
  }

  std::vector<std::string> order() const {
    std::lock_guard lock(mutex_);
    return order_;
  }

  std::function<Status(const StreamDescriptor&, const std::string& partition)> on_emit;
  bool can_go_on = true;                                         ///< also in a full refresh
  std::optional<std::chrono::milliseconds> checkpoint_interval;  ///< set: resumes, too

 private:
  std::map<std::string, std::vector<int64_t>> partitions_;
  mutable std::mutex mutex_;
  std::vector<std::string> order_;  // guarded by mutex_
};

/// States in memory, kept across syncs.
class MemoryStateStore : public StateStore {
 public:
  explicit MemoryStateStore(Journal& journal) : journal_(journal) { saved.epoch = "epoch-1"; }

  Result<SavedState> Load() override { return saved; }
  Status Save(const StateMessage& state, CheckpointId checkpoint, const RecordCounts&) override {
    if (on_save) MR_RETURN_IF_ERROR(on_save(state, checkpoint));
    saved.state.Merge(state);
    saved.checkpoint = checkpoint;
    journal_.Add(fmt::format("saved {}", checkpoint));
    return Status::Ok();
  }

  SavedState saved;
  std::function<Status(const StateMessage&, CheckpointId)> on_save;

 private:
  Journal& journal_;
};

}  // namespace millrace
