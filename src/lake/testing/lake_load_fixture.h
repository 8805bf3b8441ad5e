#pragma once

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "clients/object_store/local_store.h"
#include "lake/lake_load.h"
#include "lake/testing/failing_store.h"

namespace millrace {

/// For tests: what was said of commits.
class CommitLog : public CommitListener {
 public:
  void Committed(CheckpointId id) override { committed.push_back(id); }
  void CommitFailed(CheckpointId id, const Status&) override { failed.push_back(id); }
  std::vector<CheckpointId> committed;
  std::vector<CheckpointId> failed;
};

inline SchemaPtr IdSchema() { return arrow::schema({arrow::field("id", arrow::int64(), false)}); }

inline ChangeBatch Ids(const std::vector<int64_t>& ids) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(ids).ok());
  auto rows = arrow::RecordBatch::Make(IdSchema(), static_cast<int64_t>(ids.size()),
                                       {builder.Finish().ValueOrDie()});
  return {rows, {}, {}};
}

/// For tests: attempts at one table, public.users, in a folder of its own; an attempt ends by
/// being forgotten, as a killed process is.
class LakeLoadTest : public testing::Test {
 protected:
  LakeLoadTest() {
    root_ = std::filesystem::temp_directory_path() / ("lake_load_test." + RandomUuid());
    context_.connection = "test";
    context_.attempt = 1;
    context_.epoch = "epoch-1";
    context_.started_at = WallTime(std::chrono::seconds(1737374400));  // 2025-01-20T12:00:00Z
    layout_.path_format = "${STREAM_NAME}/";
    ConfiguredStream stream;
    stream.stream.descriptor = {"users", "public"};
    stream.destination = {"users", "public"};
    stream.sync_mode = SyncMode::kIncremental;
    stream.generation_id = 1;
    catalog_.streams.push_back(stream);
  }
  ~LakeLoadTest() override { std::filesystem::remove_all(root_); }

  ConfiguredStream& stream() { return catalog_.streams[0]; }
  void Overwrite(int64_t generation) {
    stream().sync_mode = SyncMode::kFullRefresh;
    stream().destination_sync_mode = DestinationSyncMode::kOverwrite;
    stream().generation_id = stream().minimum_generation_id = generation;
  }

  /// A new attempt: what a process does that starts with the states saved so far.
  void Open(CheckpointId last_saved = 0) {
    const Status status = TryOpen(last_saved);
    ASSERT_TRUE(status.ok()) << status.ToString();
    OpenWriter(IdSchema());
  }
  Status TryOpen(CheckpointId last_saved) {
    writer_.reset();
    load_.reset();
    context_.last_saved = last_saved;
    ++context_.fencing_token;
    MR_ASSIGN_OR_RETURN(auto store, OpenLocalStore(root_));
    auto failing = std::make_unique<FailingStore>(std::move(store));
    store_ = failing.get();
    MR_ASSIGN_OR_RETURN(load_, OpenLakeLoad(std::move(failing), layout_, format_, dedup_, catalog_,
                                            context_, log_));
    return Status::Ok();
  }
  void OpenWriter(const SchemaPtr& schema) {
    auto writer = load_->OpenWriter(stream(), schema, 0);
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    writer_ = *std::move(writer);
  }
  void Write(const std::vector<int64_t>& ids) { ASSERT_TRUE(writer_->Write(Ids(ids)).ok()); }
  Status Commit(CheckpointId id) {
    auto parts = writer_->Flush();
    if (!parts.ok()) return parts.status();
    return load_->Commit({id, {}}, {*parts});
  }
  Status Finish(StreamStatus status = StreamStatus::kComplete) {
    return load_->FinishStream(stream().descriptor(), status);
  }

  /// The data files that a reader's recursive glob finds.
  std::vector<std::string> Files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      if (entry.path().extension() == ".parquet") {
        files.push_back(entry.path().lexically_relative(root_).string());
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  std::shared_ptr<arrow::Table> ReadFile(const std::string& file) {
    auto input = arrow::io::ReadableFile::Open((root_ / file).string()).ValueOrDie();
    auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
    return reader->ReadTable().ValueOrDie();
  }
  /// The ids that a reader sees, sorted.
  std::vector<int64_t> Rows() {
    std::vector<int64_t> ids;
    for (const std::string& file : Files()) {
      const auto column = ReadFile(file)->column(0);
      for (const auto& chunk : column->chunks()) {
        const auto& values = static_cast<const arrow::Int64Array&>(*chunk);
        for (int64_t i = 0; i < values.length(); ++i) ids.push_back(values.Value(i));
      }
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  size_t StagedFiles() {
    size_t count = 0;
    std::error_code code;
    for (const auto& entry :
         std::filesystem::directory_iterator(root_ / "_airbyte_internal/staging", code)) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

  std::filesystem::path root_;
  LayoutConfig layout_;
  FileFormat format_;
  DedupOptions dedup_;
  ConfiguredCatalog catalog_;
  LoadContext context_;
  CommitLog log_;
  FailingStore* store_ = nullptr;
  std::unique_ptr<Load> load_;
  std::unique_ptr<StreamWriter> writer_;
};

}  // namespace millrace
