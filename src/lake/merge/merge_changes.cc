#include "lake/merge/merge_changes.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "formats/file_writer.h"
#include "lake/merge/changed_rows.h"
#include "lake/merge/completed_rows.h"
#include "lake/merge/conform.h"
#include "lake/merge/merge_planner.h"
#include "lake/merge/parquet_object.h"
#include "lake/merge/row_selection.h"
#include "lake/merge/upload_sink.h"

namespace millrace {
namespace {

/// So many rows are completed at a time where they are new.
constexpr size_t kCompletedRows = 20'000;

bool IsFullFile(int64_t bytes, int64_t bytes_max) { return bytes >= bytes_max - bytes_max / 8; }

/// A file on its way. One thread.
class OutputFile {
 public:
  OutputFile(UploadSink::Start start, const FileFormat& format, SchemaPtr schema)
      : sink_(std::move(start)), format_(format), schema_(std::move(schema)) {}

  const SchemaPtr& schema() const { return schema_; }
  int64_t rows() const { return rows_; }
  /// True when the file takes no more: near `bytes_max`, which whole row groups meet by chance.
  Result<bool> IsFull(int64_t bytes_max) {
    if (writer_ == nullptr) return false;
    // Encoded, rows take half of their memory at most, so the rest of the file is at hand.
    if (writer_->buffered_bytes() >= 2 * (bytes_max - writer_->written_bytes())) {
      MR_RETURN_IF_ERROR(writer_->WriteBuffered());
    }
    return IsFullFile(writer_->written_bytes(), bytes_max);
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows) {
    if (rows->num_rows() == 0) return Status::Ok();
    MR_RETURN_IF_ERROR(Open());
    rows_ += rows->num_rows();
    // The same columns; what may be null differs.
    return writer_->Write(arrow::RecordBatch::Make(schema_, rows->num_rows(), rows->columns()));
  }

  Result<MergedFile> Finish() {
    MR_RETURN_IF_ERROR(Open());
    MR_ASSIGN_OR_RETURN(const FileTotals totals, writer_->Close());
    MR_ASSIGN_OR_RETURN(PendingUpload upload, sink_.Finish());
    return MergedFile{std::move(upload), totals.rows, totals.bytes};
  }

 private:
  Status Open() {
    if (writer_ != nullptr) return Status::Ok();
    MR_ASSIGN_OR_RETURN(writer_, MakeFileWriter(format_, schema_, sink_));
    return Status::Ok();
  }

  UploadSink sink_;  // before the writer, which writes to it
  const FileFormat& format_;
  const SchemaPtr schema_;
  std::unique_ptr<FileWriter> writer_;
  int64_t rows_ = 0;
};

class Merge {
 public:
  Merge(ObjectStore& store, const MergeInput& input)
      : store_(store), input_(input), changes_(store, input.changes, &bytes_read_) {}

  Result<MergeOutcome> Run();

 private:
  Status RewriteFile(size_t plan_index);
  /// The file's rows that stay, and those that a change with values not sent completes.
  Status CopyRows(const ParquetReader& reader, const FilePlan& plan, OutputFile& output);
  Status CopyBatch(const ChangeBatch& batch, size_t first_row, const FilePlan& plan,
                   const std::optional<CompletedRows>& completed, size_t& next_completed,
                   OutputFile& output);
  Status WriteNewKeys();
  Status WriteNewRows(const std::shared_ptr<arrow::RecordBatch>& rows);
  Status WriteNewPartialRows();
  Status Keep(OutputFile& output, std::optional<size_t> file);
  /// Opens the last file, as far as it is not full, for new keys.
  Status ReopenLast();

  ObjectStore& store_;
  const MergeInput& input_;
  std::atomic<int64_t> bytes_read_ = 0;
  ChangeScan changes_;
  SchemaPtr schema_;
  MergePlan plan_;
  std::optional<ChangedRows> rows_;
  std::unique_ptr<OutputFile> open_;  // takes new keys
  std::optional<size_t> open_file_;   // the stored file that it replaces
  MergeOutcome outcome_;
};

Result<MergeOutcome> Merge::Run() {
  MR_RETURN_IF_ERROR(changes_.Open());
  schema_ = input_.schema;
  for (size_t file = 0; file < input_.changes.size(); ++file) {
    schema_ = WithNullableOf(schema_, *changes_.schema(file));
  }
  MergePlanner planner(store_, input_.rules, schema_, changes_, input_.files, &bytes_read_);
  MR_ASSIGN_OR_RETURN(plan_, planner.Plan());
  rows_.emplace(changes_, plan_, schema_);
  if (plan_.new_rows > 0 && !input_.files.empty() &&
      !IsFullFile(input_.files.back().bytes, input_.file_bytes)) {
    open_file_ = input_.files.size() - 1;
  }
  for (size_t i = 0; i < plan_.files.size(); ++i) MR_RETURN_IF_ERROR(RewriteFile(i));
  if (plan_.new_rows > 0) MR_RETURN_IF_ERROR(WriteNewKeys());
  outcome_.changes = changes_.row_count();
  outcome_.rows_written = plan_.kept_changes;
  outcome_.bytes_read = bytes_read_;
  return std::move(outcome_);
}

Status Merge::RewriteFile(size_t plan_index) {
  const FilePlan& plan = plan_.files[plan_index];
  const StoredFile& file = input_.files[plan.file];
  MR_ASSIGN_OR_RETURN(const auto reader, OpenParquetObject(store_, file.key, &bytes_read_));
  if (reader->row_count() != static_cast<int64_t>(plan.dropped.size())) {
    return TransientError("{} in {} was replaced by somebody else meanwhile; run again", file.key,
                          store_.Name());
  }
  outcome_.bytes_replaced += file.bytes;
  auto output =
      std::make_unique<OutputFile>([this, &file] { return store_.StartUpload(file.key); },
                                   input_.format, WithNullableOf(schema_, *reader->schema()));
  MR_RETURN_IF_ERROR(CopyRows(*reader, plan, *output));
  MR_RETURN_IF_ERROR(rows_->ForEach(
      static_cast<uint16_t>(MergePlan::kFirstFile + plan_index),
      [&](const std::shared_ptr<arrow::RecordBatch>& rows) { return output->Write(rows); }));
  if (open_file_ == plan.file) {
    open_ = std::move(output);  // new keys follow
    return Status::Ok();
  }
  return Keep(*output, plan.file);
}

Status Merge::Keep(OutputFile& output, std::optional<size_t> file) {
  if (file && output.rows() == 0) {
    outcome_.emptied.push_back(*file);
    return Status::Ok();
  }
  MR_ASSIGN_OR_RETURN(MergedFile merged, output.Finish());
  input_.finished(merged.upload);
  outcome_.bytes_written += merged.bytes;
  if (file) {
    outcome_.replaced.emplace_back(*file, std::move(merged));
  } else {
    outcome_.added.push_back(std::move(merged));
  }
  return Status::Ok();
}

Status Merge::CopyRows(const ParquetReader& reader, const FilePlan& plan, OutputFile& output) {
  std::optional<CompletedRows> completed;
  if (!plan.completed.empty()) {
    std::vector<uint32_t> rows;
    for (const auto& [stored, change] : plan.completed) rows.push_back(change);
    MR_ASSIGN_OR_RETURN(completed, CompletedRows::Read(changes_, plan_, schema_, rows));
  }
  size_t next_completed = 0;
  size_t row = 0;
  for (int group = 0; group < reader.row_group_count(); ++group) {
    MR_RETURN_IF_ERROR(
        const_cast<ParquetReader&>(reader).ReadRowGroup(group, {}, [&](const ChangeBatch& batch) {
          const size_t first_row = row;
          row += static_cast<size_t>(batch.num_rows());
          return CopyBatch(batch, first_row, plan, completed, next_completed, output);
        }));
  }
  return Status::Ok();
}

Status Merge::CopyBatch(const ChangeBatch& batch, size_t first_row, const FilePlan& plan,
                        const std::optional<CompletedRows>& completed, size_t& next_completed,
                        OutputFile& output) {
  if (input_.stop.stop_requested()) return Status::Canceled();
  MR_ASSIGN_OR_RETURN(auto rows, ConformRows(*batch.rows, schema_));
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < rows->num_rows(); ++i) {
    if (!plan.dropped[first_row + static_cast<size_t>(i)]) kept.push_back(i);
  }
  std::vector<int64_t> positions;
  std::vector<int64_t> stored_rows;
  const size_t end = first_row + static_cast<size_t>(rows->num_rows());
  for (; next_completed < plan.completed.size() && plan.completed[next_completed].first < end;
       ++next_completed) {
    positions.push_back(static_cast<int64_t>(next_completed));
    stored_rows.push_back(static_cast<int64_t>(plan.completed[next_completed].first - first_row));
  }
  if (static_cast<int64_t>(kept.size()) == rows->num_rows()) return output.Write(rows);
  if (!positions.empty()) {
    MR_ASSIGN_OR_RETURN(const auto done, completed->Rows(positions, rows.get(), stored_rows));
    MR_RETURN_IF_ERROR(output.Write(done));
  }
  MR_ASSIGN_OR_RETURN(rows, SelectRows(rows, kept));
  return output.Write(rows);
}

Status Merge::ReopenLast() {
  const StoredFile& file = input_.files[*open_file_];
  MR_ASSIGN_OR_RETURN(const auto reader, OpenParquetObject(store_, file.key, &bytes_read_));
  outcome_.bytes_replaced += file.bytes;
  open_ = std::make_unique<OutputFile>([this, &file] { return store_.StartUpload(file.key); },
                                       input_.format, WithNullableOf(schema_, *reader->schema()));
  FilePlan untouched;
  untouched.dropped.resize(static_cast<size_t>(reader->row_count()));
  return CopyRows(*reader, untouched, *open_);
}

Status Merge::WriteNewRows(const std::shared_ptr<arrow::RecordBatch>& rows) {
  if (input_.stop.stop_requested()) return Status::Canceled();
  if (open_ == nullptr) {
    open_ = std::make_unique<OutputFile>(input_.start_file, input_.format, schema_);
  }
  MR_RETURN_IF_ERROR(open_->Write(rows));
  MR_ASSIGN_OR_RETURN(const bool full, open_->IsFull(input_.file_bytes));
  if (!full) return Status::Ok();
  MR_RETURN_IF_ERROR(Keep(*open_, open_file_));
  open_.reset();
  open_file_.reset();
  return Status::Ok();
}

Status Merge::WriteNewPartialRows() {
  std::vector<uint32_t> rows;
  const auto write = [&]() -> Status {
    MR_ASSIGN_OR_RETURN(const auto completed, CompletedRows::Read(changes_, plan_, schema_, rows));
    std::vector<int64_t> all(rows.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
    rows.clear();
    MR_ASSIGN_OR_RETURN(const auto done, completed.Rows(all, nullptr, {}));
    return WriteNewRows(done);
  };
  for (size_t row = 0; row < plan_.partial.size(); ++row) {
    if (!plan_.partial[row] || plan_.target[row] != MergePlan::kNew) continue;
    rows.push_back(static_cast<uint32_t>(row));
    if (rows.size() == kCompletedRows) MR_RETURN_IF_ERROR(write());
  }
  return rows.empty() ? Status::Ok() : write();
}

Status Merge::WriteNewKeys() {
  if (open_file_ && open_ == nullptr) MR_RETURN_IF_ERROR(ReopenLast());
  MR_RETURN_IF_ERROR(rows_->ForEach(
      MergePlan::kNew,
      [this](const std::shared_ptr<arrow::RecordBatch>& rows) { return WriteNewRows(rows); }));
  MR_RETURN_IF_ERROR(WriteNewPartialRows());
  return open_ == nullptr ? Status::Ok() : Keep(*open_, open_file_);
}

}  // namespace

Result<MergeOutcome> MergeChanges(ObjectStore& store, const MergeInput& input) {
  Merge merge(store, input);
  return merge.Run();
}

}  // namespace millrace
