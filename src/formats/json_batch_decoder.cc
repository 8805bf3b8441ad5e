#include "formats/json_batch_decoder.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "connector/number_type.h"
#include "formats/json_scanner.h"
#include "formats/undeclared_members.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

/// Where the changes of the last row begin.
std::vector<FieldChange>::iterator FirstChangeOf(int64_t row, std::vector<FieldChange>& changes) {
  auto first = changes.end();
  while (first != changes.begin() && std::prev(first)->row == row) --first;
  return first;
}

/// Makes the column ready for its value of the row. Where the key stands in the row for the second
/// time, what came of the first is void.
void MakeColumnReady(const JsonCoercion::Column& column, int64_t row, JsonCoercion& coercion) {
  ColumnBuilder& builder = *column.builder;
  if (builder.length() < row) builder.AppendNulls(row - builder.length());
  if (builder.length() == row) return;
  builder.RemoveLast();
  std::vector<FieldChange>& changes = coercion.changes();
  changes.erase(std::remove_if(FirstChangeOf(row, changes), changes.end(),
                               [&](const auto& change) { return change.field == column.name; }),
                changes.end());
}

}  // namespace

/// The columns being built, and how JSON gets into them.
struct JsonBatchDecoder::Columns {
  std::vector<std::unique_ptr<ColumnBuilder>> builders;
  std::vector<JsonCoercion::Column> columns;
  std::unique_ptr<JsonCoercion::Keys> keys;
  JsonCoercion coercion;
  std::vector<int64_t> undeclared;  // rows with keys that have no column
  int64_t undeclared_before = 0;    // values, before the last row
  std::string key;
  UndeclaredMembers members;              // of the row
  ColumnBuilder* kept_members = nullptr;  // their column; null: they are counted only

  /// Null, or what is malformed; then the row is there in part.
  const char* AppendRow(JsonScanner& scanner, int64_t row);
  void KeepMembers(int64_t row);
  void TakeBack(int64_t row);
};

const char* JsonBatchDecoder::Columns::AppendRow(JsonScanner& scanner, int64_t row) {
  undeclared_before = coercion.undeclared_values();
  members.Clear();
  const JsonScanner::Kind top = scanner.Peek();
  if (top == JsonScanner::Kind::kInvalid) return scanner.error();
  if (top != JsonScanner::Kind::kObject) return "a JSON object is expected";
  scanner.Enter();
  int last = -1;
  for (;;) {
    JsonScanner::Text name;
    bool done = false;
    if (!scanner.NextMember(&name, &done)) return scanner.error();
    if (done) {
      if (!members.empty()) KeepMembers(row);
      return nullptr;
    }
    std::string_view text = name.raw;
    if (name.escaped) {
      if (!Unescape(name.raw, &key)) return "a key holds half a surrogate pair";
      text = key;
    }
    const int at = keys->Find(text, &last);
    if (at < 0) {
      std::string_view whole;
      if (!scanner.SkipValue(&whole)) return scanner.error();
      if (kept_members != nullptr) {
        members.Add(name.raw, whole);
        continue;
      }
      coercion.CountUndeclared();
      if (undeclared.empty() || undeclared.back() != row) undeclared.push_back(row);
      continue;
    }
    const JsonCoercion::Column& column = columns[static_cast<size_t>(at)];
    MakeColumnReady(column, row, coercion);
    if (!coercion.Append(scanner, column, row)) return scanner.error();
  }
}

void JsonBatchDecoder::Columns::KeepMembers(int64_t row) {
  kept_members->AppendNulls(row - kept_members->length());
  kept_members->AppendText(members.Object());
}

void JsonBatchDecoder::Filling::MakeReady(const JsonCoercion::Column& column) const {
  MakeColumnReady(column, row, coercion);
}

void JsonBatchDecoder::Filling::Keep(std::string_view members) const {
  kept_members->AppendNulls(row - kept_members->length());
  kept_members->AppendText(members);
}

JsonBatchDecoder::Filling JsonBatchDecoder::BeginRow() {
  Columns& columns = *columns_;
  columns.undeclared_before = columns.coercion.undeclared_values();
  return {columns.columns, *columns.keys, columns.coercion, columns.kept_members, rows_};
}

void JsonBatchDecoder::Columns::TakeBack(int64_t row) {
  for (const auto& builder : builders) {
    if (builder->length() > row) builder->RemoveLast();
  }
  coercion.changes().erase(FirstChangeOf(row, coercion.changes()), coercion.changes().end());
  if (!undeclared.empty() && undeclared.back() == row) undeclared.pop_back();
  coercion.CountUndeclared(undeclared_before - coercion.undeclared_values());
}

JsonBatchDecoder::JsonBatchDecoder(SchemaPtr schema)
    : schema_(std::move(schema)), columns_(std::make_unique<Columns>()) {}

JsonBatchDecoder::~JsonBatchDecoder() = default;

Result<std::unique_ptr<JsonBatchDecoder>> JsonBatchDecoder::Make(SchemaPtr schema,
                                                                 bool keep_undeclared) {
  std::unique_ptr<JsonBatchDecoder> decoder(new JsonBatchDecoder(std::move(schema)));
  Columns& columns = *decoder->columns_;
  for (const auto& field : decoder->schema_->fields()) {
    MR_ASSIGN_OR_RETURN(std::unique_ptr<ColumnBuilder> builder, ColumnBuilder::Make(field->type()));
    columns.columns.push_back(JsonCoercion::Describe(field->name(), *builder));
    columns.builders.push_back(std::move(builder));
  }
  if (keep_undeclared) {
    if (columns.builders.empty() || !IsJsonText(*columns.builders.back()->type())) {
      return SystemError("the column of undeclared fields must be the last, of JSON");
    }
    columns.kept_members = columns.builders.back().get();
    columns.columns.pop_back();  // no key of an object means it
  }
  columns.keys = std::make_unique<JsonCoercion::Keys>(columns.columns);
  return decoder;
}

Status JsonBatchDecoder::AppendPadded(std::string_view object) {
  JsonScanner scanner(object);
  const char* what = AppendNext(scanner);
  if (what == nullptr && !scanner.AtEnd()) {
    TakeBack();
    what = "something follows the object";
  }
  if (what == nullptr) return Status::Ok();
  return ConfigError("{} (byte {} of the value)", what, scanner.offset() + 1);
}

const char* JsonBatchDecoder::AppendNext(JsonScanner& scanner) {
  const char* const what = columns_->AppendRow(scanner, rows_);
  ++rows_;
  if (what != nullptr) TakeBack();
  return what;
}

void JsonBatchDecoder::TakeBack() { columns_->TakeBack(--rows_); }

Status JsonBatchDecoder::Append(std::string_view object) {
  const int64_t size = static_cast<int64_t>(object.size());
  if (const int64_t valid = FirstInvalidUtf8(object.data(), size); valid < size) {
    return ConfigError("the text is not UTF-8 (byte {} of the value)", valid + 1);
  }
  padded_.assign(object);
  padded_.append(static_cast<size_t>(JsonScanner::kPadding), '\0');
  return AppendPadded(std::string_view(padded_).substr(0, object.size()));
}

void JsonBatchDecoder::AddChange(FieldChange change) {
  change.row = std::max<int64_t>(rows_ - 1, 0);
  columns_->coercion.changes().push_back(std::move(change));
}

int64_t JsonBatchDecoder::bytes() const {
  constexpr int64_t kNullBytes = 9;  // values that are left out are appended at the end
  int64_t bytes = 0;
  for (const auto& builder : columns_->builders) {
    bytes += builder->bytes() + (rows_ - builder->length()) * kNullBytes;
  }
  return bytes;
}

int64_t JsonBatchDecoder::undeclared_values() const {
  return columns_->coercion.undeclared_values();
}

std::vector<int64_t> JsonBatchDecoder::TakeUndeclaredRows() {
  return std::exchange(columns_->undeclared, {});
}

Result<ChangeBatch> JsonBatchDecoder::Finish() {
  columns_->undeclared.clear();
  arrow::ArrayVector arrays;
  for (const auto& builder : columns_->builders) {
    builder->AppendNulls(rows_ - builder->length());
    MR_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array, builder->Finish());
    arrays.push_back(std::move(array));
  }
  ChangeBatch batch;
  batch.rows = arrow::RecordBatch::Make(schema_, std::exchange(rows_, 0), std::move(arrays));
  batch.changes = std::exchange(columns_->coercion.changes(), {});
  return batch;
}

}  // namespace millrace
