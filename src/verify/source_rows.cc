#include "verify/source_rows.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <mutex>
#include <optional>
#include <thread>

#include "transform/column_selection.h"

namespace millrace {
namespace {

/// Gives what a source emits of one stream to a taker.
class TakerOutput : public SourceOutput {
 public:
  TakerOutput(const ConfiguredStream& stream, RowTaker& taker) : stream_(stream), taker_(taker) {}

  Status Open(const StreamDescriptor&, const SchemaPtr& schema) override {
    MR_ASSIGN_OR_RETURN(kept_, SelectColumns(stream_, *schema, MissingFields::kWarn));
    arrow::FieldVector fields;
    for (const int column : kept_) fields.push_back(schema->field(column));
    schema_ = arrow::schema(std::move(fields));
    return taker_.Open(schema_);
  }

  Status Emit(const StreamDescriptor&, ChangeBatch batch, Deadline) override {
    if (schema_ == nullptr) return SystemError("the source sent rows before it opened the stream");
    std::vector<std::shared_ptr<arrow::ArrayData>> columns;
    for (const int column : kept_) columns.push_back(batch.rows->column_data(column));
    return taker_.Take(arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns)));
  }

  Status Truncate(const StreamDescriptor&) override { return Status::Ok(); }
  Status Checkpoint(StateMessage) override { return Status::Ok(); }
  void ReportEstimate(const StreamDescriptor&, std::optional<int64_t>,
                      std::optional<int64_t>) override {}
  void ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                    std::optional<Error> error) override {
    if (status != StreamStatus::kIncomplete) return;
    failed_ = error ? Status::Failed(*error)
                    : SystemError("the source did not finish {}", stream.ToString());
  }

  const Status& failed() const { return failed_; }

 private:
  const ConfiguredStream& stream_;
  RowTaker& taker_;
  std::vector<int> kept_;
  SchemaPtr schema_;
  Status failed_;
};

/// Hands out partitions until they are all read or one fails. Thread-safe.
class PartitionQueue {
 public:
  explicit PartitionQueue(const std::vector<Partition>& partitions) : partitions_(partitions) {}

  const Partition* Claim() {
    std::lock_guard lock(mutex_);
    return first_failure_.ok() && next_ < partitions_.size() ? &partitions_[next_++] : nullptr;
  }
  void Fail(const Status& status) {
    std::lock_guard lock(mutex_);
    if (first_failure_.ok()) first_failure_ = status;
  }
  const Status& first_failure() const { return first_failure_; }

 private:
  const std::vector<Partition>& partitions_;
  std::mutex mutex_;
  size_t next_ = 0;       // guarded by mutex_
  Status first_failure_;  // guarded by mutex_, until the threads have ended
};

Status ReadPartitions(PartitionedSource& source, const ConfiguredStream& stream,
                      const std::vector<Partition>& partitions,
                      const std::vector<RowTaker*>& takers, std::stop_token stop) {
  PartitionQueue queue(partitions);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < std::min(takers.size(), partitions.size()); ++i) {
      threads.emplace_back([&, taker = takers[i]] {
        while (const Partition* partition = queue.Claim()) {
          TakerOutput output(stream, *taker);
          const Status read = source.ReadPartition(stream, *partition, output, stop);
          if (!read.ok()) queue.Fail(read);
        }
      });
    }
  }
  return queue.first_failure();
}

}  // namespace

Status ReadSourceRows(Source& source, const ConfiguredStream& configured,
                      const std::vector<RowTaker*>& takers, std::stop_token stop) {
  ConfiguredStream stream = configured;
  stream.sync_mode = SyncMode::kFullRefresh;
  stream.cursor_field.clear();
  if (auto* partitioned = dynamic_cast<PartitionedSource*>(&source)) {
    MR_ASSIGN_OR_RETURN(const auto partitions, partitioned->Split(stream, State()));
    if (!partitions.empty()) return ReadPartitions(*partitioned, stream, partitions, takers, stop);
  }
  TakerOutput output(stream, *takers.front());
  ConfiguredCatalog catalog;
  catalog.streams.push_back(stream);
  MR_RETURN_IF_ERROR(source.Read(catalog, State(), output, stop));
  return output.failed();
}

}  // namespace millrace
