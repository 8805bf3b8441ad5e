#pragma once

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "connector/meta_column.h"
#include "lake/testing/lake_load_fixture.h"

namespace millrace {

/// For tests: public.users as a deduplicated table, its rows as text.
class DedupTest : public LakeLoadTest {
 protected:
  DedupTest() {
    stream().destination_sync_mode = DestinationSyncMode::kAppendDedup;
    stream().primary_key = {{"id"}};
    stream().stream.source_defined_cursor = true;
    schema_ = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("v", arrow::utf8())});
  }

  /// A new attempt that writes in schema_.
  void Begin(CheckpointId last_saved = 0) {
    const Status status = TryOpen(last_saved);
    ASSERT_TRUE(status.ok()) << status.ToString();
    OpenWriter(schema_);
  }

  /// Rows of schema_, each a JSON array: "[[1, \"a\"], …]".
  ChangeBatch Rows(const std::string& json) const {
    auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(schema_->fields()), json);
    EXPECT_TRUE(rows.ok()) << rows.status().ToString();
    auto batch = arrow::RecordBatch::FromStructArray(*rows).ValueOrDie();
    return {arrow::RecordBatch::Make(schema_, batch->num_rows(), batch->columns()), {}, {}, {}};
  }
  static std::shared_ptr<arrow::BooleanArray> Bools(const std::string& json) {
    return std::static_pointer_cast<arrow::BooleanArray>(
        arrow::json::ArrayFromJSONString(arrow::boolean(), json).ValueOrDie());
  }
  void Put(const std::string& json) { Put(Rows(json)); }
  void Put(const ChangeBatch& batch) {
    const Status status = writer_->Write(batch);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  /// Rows whose columns with a true mask were not sent.
  void PutUnsent(const std::string& json, size_t column, const std::string& mask) {
    ChangeBatch batch = Rows(json);
    batch.unchanged.columns.resize(static_cast<size_t>(schema_->num_fields()));
    batch.unchanged.columns[column] = Bools(mask);
    Put(batch);
  }
  void CommitAndFinish(CheckpointId id) {
    Status status = Commit(id);
    ASSERT_TRUE(status.ok()) << status.ToString();
    status = Finish();
    ASSERT_TRUE(status.ok()) << status.ToString();
    status = load_->Close();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  /// One whole sync of these rows.
  void Sync(CheckpointId id, const std::string& json) {
    Begin(id - 1);
    if (HasFatalFailure()) return;
    Put(json);
    CommitAndFinish(id);
  }

  /// What a reader finds: the rows of one file or of all, sorted.
  std::vector<std::string> RowsOf(const std::string& file) {
    std::vector<std::string> lines;
    const auto table = ReadFile(file);
    for (int64_t row = 0; row < table->num_rows(); ++row) {
      std::string line;
      for (const auto& column : table->columns()) {
        if (!line.empty()) line += ' ';
        line += column->GetScalar(row).ValueOrDie()->ToString();
      }
      lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  std::vector<std::string> Seen() {
    std::vector<std::string> lines;
    for (const std::string& file : Files()) {
      for (std::string& line : RowsOf(file)) lines.push_back(std::move(line));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  size_t StagedChanges() {
    size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      count += entry.path().extension() == ".changes" ? 1 : 0;
    }
    return count;
  }

  SchemaPtr schema_;
};

}  // namespace millrace
