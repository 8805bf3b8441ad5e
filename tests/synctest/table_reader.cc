#include "table_reader.h"

#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/file_io.h"
#include "connector/arrow_status.h"
#include "formats/json_encoder.h"

namespace millrace::synctest {
namespace {

/// A hash id made of a row's id begins with its time, at which the clock of the tests stands.
constexpr std::string_view kRowIdPrefix = "\"01948327a100";
constexpr std::string_view kIdColumns[] = {"_airbyte_raw_id", "_airbyte_ab_id"};

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquet(const std::filesystem::path& path) {
  const std::string doing = "reading " + path.string();
  MR_ARROW_ASSIGN_OR_RETURN(auto file, arrow::io::ReadableFile::Open(path.string()), doing);
  MR_ARROW_ASSIGN_OR_RETURN(
      auto reader, parquet::arrow::OpenFile(std::move(file), arrow::default_memory_pool()), doing);
  return reader;
}

void AppendRowText(const arrow::RecordBatch& batch, int64_t row, std::set<std::string>* ids,
                   std::string* out) {
  *out += '{';
  for (int column = 0; column < batch.num_columns(); ++column) {
    const std::string& name = batch.column_name(column);
    std::string value;
    AppendJsonValue(*batch.column(column), row, value);
    if (std::find(std::begin(kIdColumns), std::end(kIdColumns), name) != std::end(kIdColumns)) {
      value = ids->insert(value).second ? "(id)" : "(an id that another row has)";
    } else if (name.ends_with("_hashid") && value.starts_with(kRowIdPrefix)) {
      value = "(of the row)";
    }
    *out += fmt::format("{}\"{}\": {}", column == 0 ? "" : ", ", name, value);
  }
  *out += '}';
}

Status ReadParquetRows(const std::filesystem::path& path, std::set<std::string>* ids,
                       std::vector<std::string>* rows) {
  MR_ASSIGN_OR_RETURN(auto reader, OpenParquet(path));
  std::shared_ptr<arrow::Table> table;
  MR_ARROW_ASSIGN_OR_RETURN(table, reader->ReadTable(), "reading " + path.string());
  arrow::TableBatchReader batches(*table);
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MR_ARROW_RETURN_IF_ERROR(batches.ReadNext(&batch), "reading " + path.string());
    if (batch == nullptr) return Status::Ok();
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      AppendRowText(*batch, row, ids, &rows->emplace_back());
    }
  }
}

}  // namespace

std::filesystem::path TableFolder(const std::filesystem::path& root,
                                  const StreamDescriptor& stream) {
  return root / stream.name_space.value_or("") / stream.name;
}

std::vector<std::string> VisibleFiles(const std::filesystem::path& folder) {
  std::vector<std::string> files;
  std::error_code code;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, code);
       entry != std::filesystem::recursive_directory_iterator(); entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    const bool hidden = name.starts_with('_') || name.starts_with('.');
    if (hidden && entry->is_directory()) entry.disable_recursion_pending();
    if (hidden || !entry->is_regular_file()) continue;
    files.push_back(std::filesystem::relative(entry->path(), folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::vector<std::string>> ReadRows(const std::filesystem::path& folder) {
  std::vector<std::string> rows;
  std::set<std::string> ids;
  for (const std::string& file : VisibleFiles(folder)) {
    if (file.ends_with(".parquet")) {
      MR_RETURN_IF_ERROR(ReadParquetRows(folder / file, &ids, &rows));
    } else {
      MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder / file));
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) rows.push_back(line);
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

Result<std::vector<std::string>> ReadSchema(const std::filesystem::path& folder) {
  const auto files = VisibleFiles(folder);
  if (files.empty() || !files.back().ends_with(".parquet")) {
    return std::vector<std::string>{"(no Parquet file)"};
  }
  MR_ASSIGN_OR_RETURN(auto reader, OpenParquet(folder / files.back()));
  std::shared_ptr<arrow::Schema> schema;
  MR_ARROW_RETURN_IF_ERROR(reader->GetSchema(&schema), "reading " + files.back());
  std::vector<std::string> lines;
  for (const auto& field : schema->fields()) {
    lines.push_back(fmt::format("{}: {}{}", field->name(), field->type()->ToString(),
                                field->nullable() ? "" : " not null"));
  }
  return lines;
}

}  // namespace millrace::synctest
