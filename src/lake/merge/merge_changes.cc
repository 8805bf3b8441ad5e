#include "lake/merge/merge_changes.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>

#include "base/parallel_parts.h"
#include "connector/unused_memory.h"
#include "lake/merge/changed_rows.h"
#include "lake/merge/completed_rows.h"
#include "lake/merge/conform.h"
#include "lake/merge/merge_planner.h"
#include "lake/merge/merged_file_writer.h"
#include "lake/merge/parquet_object.h"
#include "lake/merge/row_selection.h"

namespace millrace {
namespace {

/// So many rows are completed at a time where they are new.
constexpr size_t kCompletedRows = 20'000;
/// What all threads' changed rows take that wait for their files.
constexpr int64_t kHeldBytes = int64_t{48} << 20;

uint16_t TargetOf(size_t plan_index) {
  return static_cast<uint16_t>(MergePlan::kFirstFile + plan_index);
}

class Merge {
 public:
  Merge(ObjectStore& store, const MergeInput& input)
      : store_(store), input_(input), changes_(store, input.changes, &bytes_read_) {}

  Result<MergeOutcome> Run();

 private:
  Status WriteFiles();
  /// The stored file as it will be, not finished.
  Result<std::unique_ptr<MergedFileWriter>> Rewrite(const FilePlan& plan, ChangedRows::Taken rows);
  Status RewriteFile(size_t plan_index);
  /// The file's rows that stay, and those that a change with values not sent completes.
  Status CopyRows(const ParquetReader& reader, const FilePlan& plan, MergedFileWriter& output);
  Status CopyBatch(const ChangeBatch& batch, size_t first_row, const FilePlan& plan,
                   const std::optional<CompletedRows>& completed, size_t& next_completed,
                   MergedFileWriter& output);
  Status WriteNewKeys();
  Status WriteNewRows(const std::shared_ptr<arrow::RecordBatch>& rows);
  Status WriteNewPartialRows();
  Status Keep(MergedFileWriter& output, std::optional<size_t> file);
  /// Writes the stored file that takes new keys anew, as far as there is one.
  Status ReopenLast();

  ObjectStore& store_;
  const MergeInput& input_;
  std::atomic<int64_t> bytes_read_ = 0;
  ChangeScan changes_;
  SchemaPtr schema_;
  MergePlan plan_;
  std::optional<ChangedRows> rows_;
  // Of the thread that writes new keys:
  std::unique_ptr<MergedFileWriter> open_;  // takes new keys
  std::optional<size_t> open_file_;         // the stored file that it replaces
  std::mutex mutex_;
  MergeOutcome outcome_;  // guarded by mutex_ while files are written
};

Result<MergeOutcome> Merge::Run() {
  MR_RETURN_IF_ERROR(changes_.Open());
  schema_ = input_.schema;
  for (size_t file = 0; file < input_.changes.size(); ++file) {
    schema_ = WithNullableOf(schema_, *changes_.schema(file));
  }
  {
    MergePlanner planner(store_, input_.rules, schema_, changes_, input_.files, input_.threads,
                         &bytes_read_);
    MR_ASSIGN_OR_RETURN(plan_, planner.Plan());
  }
  ReturnUnusedMemory();  // what the readers' batches and the index took
  rows_.emplace(changes_, plan_, schema_, kHeldBytes / std::max(input_.threads, 1));
  MR_RETURN_IF_ERROR(WriteFiles());
  outcome_.changes = changes_.row_count();
  outcome_.rows_written = plan_.kept_changes;
  outcome_.bytes_read = bytes_read_;
  return std::move(outcome_);
}

Status Merge::WriteFiles() {
  const bool grows = plan_.new_rows > 0;
  if (grows && !input_.files.empty() && !IsFullFile(input_.files.back().bytes, input_.file_bytes)) {
    open_file_ = input_.files.size() - 1;
  }
  std::vector<size_t> rewritten;
  for (size_t i = 0; i < plan_.files.size(); ++i) {
    if (open_file_ != plan_.files[i].file) rewritten.push_back(i);
  }
  // New keys are one file after the other, all on one thread; they begin first.
  const int64_t first = grows ? 1 : 0;
  MR_RETURN_IF_ERROR(TryEachPart(first + static_cast<int64_t>(rewritten.size()), input_.threads,
                                 [&](int64_t part) -> Status {
                                   if (part < first) return WriteNewKeys();
                                   return RewriteFile(rewritten[static_cast<size_t>(part - first)]);
                                 }));
  std::sort(outcome_.replaced.begin(), outcome_.replaced.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::sort(outcome_.emptied.begin(), outcome_.emptied.end());
  return Status::Ok();
}

Result<std::unique_ptr<MergedFileWriter>> Merge::Rewrite(const FilePlan& plan,
                                                         ChangedRows::Taken rows) {
  const StoredFile& file = input_.files[plan.file];
  MR_ASSIGN_OR_RETURN(const auto reader, OpenParquetObject(store_, file.key, &bytes_read_));
  if (reader->row_count() != static_cast<int64_t>(plan.dropped.size())) {
    return TransientError("{} in {} was replaced by somebody else meanwhile; run again", file.key,
                          store_.Name());
  }
  {
    std::lock_guard lock(mutex_);
    outcome_.bytes_replaced += file.bytes;
  }
  auto output =
      std::make_unique<MergedFileWriter>([this, &file] { return store_.StartUpload(file.key); },
                                         input_.format, WithNullableOf(schema_, *reader->schema()));
  MR_RETURN_IF_ERROR(CopyRows(*reader, plan, *output));
  MR_RETURN_IF_ERROR(rows_->ForEach(
      std::move(rows),
      [&](const std::shared_ptr<arrow::RecordBatch>& batch) { return output->Write(batch); }));
  return output;
}

Status Merge::RewriteFile(size_t plan_index) {
  MR_ASSIGN_OR_RETURN(auto rows, rows_->Take(TargetOf(plan_index)));
  const FilePlan& plan = plan_.files[plan_index];
  MR_ASSIGN_OR_RETURN(const auto output, Rewrite(plan, std::move(rows)));
  return Keep(*output, plan.file);
}

Status Merge::Keep(MergedFileWriter& output, std::optional<size_t> file) {
  if (file && output.rows() == 0) {
    std::lock_guard lock(mutex_);
    outcome_.emptied.push_back(*file);
    return Status::Ok();
  }
  MR_ASSIGN_OR_RETURN(MergedFile merged, output.Finish());
  input_.finished(merged.upload);
  std::lock_guard lock(mutex_);
  outcome_.bytes_written += merged.bytes;
  if (file) {
    outcome_.replaced.emplace_back(*file, std::move(merged));
  } else {
    outcome_.added.push_back(std::move(merged));
  }
  return Status::Ok();
}

Status Merge::CopyRows(const ParquetReader& reader, const FilePlan& plan,
                       MergedFileWriter& output) {
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
                        MergedFileWriter& output) {
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
  for (size_t i = 0; i < plan_.files.size(); ++i) {
    if (plan_.files[i].file != *open_file_) continue;
    MR_ASSIGN_OR_RETURN(auto rows, rows_->Take(TargetOf(i)));
    MR_ASSIGN_OR_RETURN(open_, Rewrite(plan_.files[i], std::move(rows)));
    return Status::Ok();
  }
  FilePlan untouched;
  untouched.file = *open_file_;
  untouched.dropped.resize(static_cast<size_t>(input_.files[*open_file_].rows));
  MR_ASSIGN_OR_RETURN(open_, Rewrite(untouched, {0, true, {}}));
  return Status::Ok();
}

Status Merge::WriteNewRows(const std::shared_ptr<arrow::RecordBatch>& rows) {
  if (input_.stop.stop_requested()) return Status::Canceled();
  if (open_ == nullptr) {
    open_ = std::make_unique<MergedFileWriter>(input_.start_file, input_.format, schema_);
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
  if (open_file_) MR_RETURN_IF_ERROR(ReopenLast());
  MR_ASSIGN_OR_RETURN(auto fresh, rows_->Take(MergePlan::kNew));
  MR_RETURN_IF_ERROR(rows_->ForEach(
      std::move(fresh),
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
