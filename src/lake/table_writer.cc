#include "lake/table_writer.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "formats/file_writer.h"
#include "formats/meta_changes.h"
#include "formats/number_columns.h"
#include "lake/merge/staged_columns.h"
#include "lake/merge/upload_sink.h"

namespace millrace {
namespace {

/// Large enough for readers to work well, small enough for an upload of many parts.
constexpr int64_t kTargetFileBytes = int64_t{128} << 20;

class TableWriter : public StreamWriter {
 public:
  TableWriter(Table& table, SchemaPtr schema, int lane)
      : table_(table), lane_(lane), schema_(std::move(schema)) {
    if (table_.context().memory != nullptr) account_ = table_.context().memory->OpenAccount();
  }

  Status Write(const ChangeBatch& batch) override;
  Status SetSchema(const SchemaPtr& schema) override;
  Status Truncate() override;
  Result<StagedParts> Flush() override;

 private:
  /// A file being written. The members go in reverse order: the writer before its sink.
  struct OpenFile {
    std::unique_ptr<UploadSink> sink;
    std::unique_ptr<FileWriter> writer;
    SchemaPtr schema;
  };

  /// Changes for a later merge, instead of rows for readers.
  bool staged() const { return table_.stream().deduplicates(); }
  bool typed() const { return table_.format().typed(); }
  /// The schema that the next file has, by what is known now.
  SchemaPtr FileSchema() const;
  /// Rows as the file holds them, in `file_schema`, which may change on the way.
  Result<std::shared_ptr<arrow::RecordBatch>> Prepare(const ChangeBatch& batch,
                                                      SchemaPtr& file_schema);
  Status Open(const SchemaPtr& file_schema);
  Status CloseFile();
  Status Account();

  Table& table_;
  const int lane_;
  SchemaPtr schema_;  // of incoming batches; wider where unsent values came
  std::unique_ptr<MemoryBudget::Account> account_;
  OpenFile file_;
  std::vector<FinishedFile> finished_;  // since the last flush
  int64_t values_changed_ = 0;          // likewise
  StagedShape shape_;
};

SchemaPtr TableWriter::FileSchema() const {
  if (!typed()) return schema_;
  return NumberSchemaOf(schema_, table_.context().number_format, table_.text_numbers());
}

Result<std::shared_ptr<arrow::RecordBatch>> TableWriter::Prepare(const ChangeBatch& batch,
                                                                 SchemaPtr& file_schema) {
  if (batch.rows->num_columns() != schema_->num_fields()) {
    return SystemError("a batch of {} columns came for a schema of {}", batch.rows->num_columns(),
                       schema_->num_fields());
  }
  std::vector<FieldChange> changes;
  std::shared_ptr<arrow::RecordBatch> rows = batch.rows;
  // A merge finds the values that were not sent; files that are only added to have none.
  if (!staged()) {
    MR_ASSIGN_OR_RETURN(rows, NullUnchanged(batch, changes));
  }
  if (!changes.empty()) {
    // Columns that were never null become so: for all files from here on.
    arrow::FieldVector fields = schema_->fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (rows->schema()->field(static_cast<int>(i))->nullable()) {
        fields[i] = fields[i]->WithNullable(true);
      }
    }
    schema_ = arrow::schema(std::move(fields));
  }
  file_schema = FileSchema();
  if (typed()) {
    // Ends: each turn makes one column more text.
    for (;;) {
      MR_ASSIGN_OR_RETURN(ConvertedNumbers numbers,
                          ConvertNumbers(rows, file_schema, table_.context().number_format));
      if (numbers.unfit.empty()) {
        rows = std::move(numbers.rows);
        changes.insert(changes.end(), numbers.changes.begin(), numbers.changes.end());
        break;
      }
      table_.AddTextNumbers(numbers.unfit);
      file_schema = FileSchema();
    }
    std::stable_sort(changes.begin(), changes.end(),
                     [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
  }
  values_changed_ += static_cast<int64_t>(changes.size());
  MR_ASSIGN_OR_RETURN(rows, WithMetaChanges(std::move(rows), changes));
  if (!staged()) return rows;
  MR_ASSIGN_OR_RETURN(rows, WithStagedColumns(batch, rows, shape_));
  file_schema = rows->schema();
  return rows;
}

Status TableWriter::Write(const ChangeBatch& batch) {
  if (batch.num_rows() == 0) return Status::Ok();
  SchemaPtr file_schema;
  MR_ASSIGN_OR_RETURN(auto rows, Prepare(batch, file_schema));
  if (file_.writer != nullptr && !file_.schema->Equals(*file_schema)) {
    MR_RETURN_IF_ERROR(CloseFile());
  }
  if (file_.writer == nullptr) MR_RETURN_IF_ERROR(Open(file_schema));
  MR_RETURN_IF_ERROR(file_.writer->Write(rows));
  MR_RETURN_IF_ERROR(Account());
  return file_.writer->written_bytes() >= kTargetFileBytes ? CloseFile() : Status::Ok();
}

Status TableWriter::Account() {
  if (account_ == nullptr) return Status::Ok();
  account_->Report(file_.writer->buffered_bytes());
  if (!account_->ShouldShrink()) return Status::Ok();
  MR_RETURN_IF_ERROR(file_.writer->WriteBuffered());
  account_->Report(file_.writer->buffered_bytes());
  return Status::Ok();
}

Status TableWriter::Open(const SchemaPtr& file_schema) {
  file_.sink = std::make_unique<UploadSink>(
      [this] { return staged() ? table_.StartStaged() : table_.StartFile(); });
  MR_ASSIGN_OR_RETURN(file_.writer, MakeFileWriter(table_.format(), file_schema, *file_.sink));
  file_.schema = file_schema;
  return Status::Ok();
}

Status TableWriter::CloseFile() {
  if (file_.writer == nullptr) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const FileTotals totals, file_.writer->Close());
  MR_ASSIGN_OR_RETURN(PendingUpload upload, file_.sink->Finish());
  finished_.push_back({std::move(upload), totals.rows, totals.bytes, lane_});
  table_.AddFinished(finished_.back());
  file_.writer.reset();  // before what it writes to
  file_ = OpenFile();
  if (account_ != nullptr) account_->Report(0);
  return Status::Ok();
}

Status TableWriter::SetSchema(const SchemaPtr& schema) {
  if (!schema->Equals(*schema_)) MR_RETURN_IF_ERROR(CloseFile());
  schema_ = schema;
  table_.SetSchema(schema);
  return Status::Ok();
}

Status TableWriter::Truncate() {
  if (!staged()) return StreamWriter::Truncate();
  file_.writer.reset();  // unfinished: nobody will see it
  file_ = OpenFile();
  finished_.clear();  // the table throws them away
  finished_.emplace_back().truncates = true;
  return Status::Ok();
}

Result<StagedParts> TableWriter::Flush() {
  MR_RETURN_IF_ERROR(CloseFile());
  StagedParts parts;
  parts.stream = table_.stream().descriptor();
  parts.lane = lane_;
  Json files = Json::array();
  for (const FinishedFile& file : finished_) {
    files.push_back({{"key", file.upload.key},
                     {"details", file.upload.details_json},
                     {"rows", file.rows},
                     {"bytes", file.bytes},
                     {"truncates", file.truncates}});
    parts.records += file.rows;
    parts.bytes += file.bytes;
  }
  parts.values_changed = std::exchange(values_changed_, 0);
  finished_.clear();
  parts.parts = JsonValue(std::move(files));
  return parts;
}

}  // namespace

std::unique_ptr<StreamWriter> MakeTableWriter(Table& table, const SchemaPtr& schema, int lane) {
  table.SetSchema(schema);
  return std::make_unique<TableWriter>(table, schema, lane);
}

std::vector<FinishedFile> FinishedFilesOf(const StagedParts& parts) {
  std::vector<FinishedFile> files;
  if (!parts.parts->is_array()) return files;
  for (const Json& file : *parts.parts) {
    files.push_back({{file.at("key"), file.at("details")},
                     file.at("rows"),
                     file.at("bytes"),
                     parts.lane,
                     file.at("truncates")});
  }
  return files;
}

}  // namespace millrace
