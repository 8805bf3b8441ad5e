#include "formats/json_batch_decoder.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "formats/json_coercion.h"
#include "formats/json_scanner.h"
#include "formats/utf8_text.h"

namespace millrace {

/// The columns being built, and how JSON gets into them.
struct JsonBatchDecoder::Columns {
  std::vector<std::unique_ptr<ColumnBuilder>> builders;
  std::vector<JsonCoercion::Column> columns;
  std::unique_ptr<JsonCoercion::Keys> keys;
  JsonCoercion coercion;
  std::vector<int64_t> undeclared;  // rows with keys that have no column
  std::string key;

  /// False: malformed; the scanner, or `what`, says how.
  bool AppendRow(JsonScanner& scanner, int64_t row, const char** what);
  void TakeBack(int64_t row);
};

bool JsonBatchDecoder::Columns::AppendRow(JsonScanner& scanner, int64_t row, const char** what) {
  const JsonScanner::Kind top = scanner.Peek();
  if (top != JsonScanner::Kind::kObject) {
    *what = top == JsonScanner::Kind::kInvalid ? scanner.error() : "a JSON object is expected";
    return false;
  }
  scanner.Enter();
  size_t next = 0;
  for (;;) {
    JsonScanner::Text name;
    bool done = false;
    if (!scanner.NextMember(&name, &done)) break;
    if (done) {
      if (scanner.AtEnd()) return true;
      *what = "something follows the object";
      return false;
    }
    std::string_view text = name.raw;
    if (name.escaped) {
      if (!Unescape(name.raw, &key)) {
        *what = "a key holds half a surrogate pair";
        return false;
      }
      text = key;
    }
    const int at = keys->Find(text, &next);
    if (at < 0) {
      std::string_view whole;
      if (!scanner.SkipValue(&whole)) break;
      coercion.CountUndeclared();
      if (undeclared.empty() || undeclared.back() != row) undeclared.push_back(row);
      continue;
    }
    const JsonCoercion::Column& column = columns[static_cast<size_t>(at)];
    ColumnBuilder& builder = *column.builder;
    if (builder.length() > row) {
      // The key stands here for the second time: what came of the first is void.
      builder.RemoveLast();
      std::erase_if(coercion.changes(), [&](const FieldChange& change) {
        return change.row == row && change.field == column.name;
      });
    } else if (builder.length() < row) {
      builder.AppendNulls(row - builder.length());
    }
    if (!coercion.Append(scanner, column, row)) break;
  }
  *what = scanner.error();
  return false;
}

void JsonBatchDecoder::Columns::TakeBack(int64_t row) {
  for (const auto& builder : builders) {
    if (builder->length() > row) builder->RemoveLast();
  }
  std::erase_if(coercion.changes(), [row](const FieldChange& change) { return change.row == row; });
  if (!undeclared.empty() && undeclared.back() == row) undeclared.pop_back();
}

JsonBatchDecoder::JsonBatchDecoder(SchemaPtr schema)
    : schema_(std::move(schema)), columns_(std::make_unique<Columns>()) {}

JsonBatchDecoder::~JsonBatchDecoder() = default;

Result<std::unique_ptr<JsonBatchDecoder>> JsonBatchDecoder::Make(SchemaPtr schema) {
  std::unique_ptr<JsonBatchDecoder> decoder(new JsonBatchDecoder(std::move(schema)));
  Columns& columns = *decoder->columns_;
  for (const auto& field : decoder->schema_->fields()) {
    MR_ASSIGN_OR_RETURN(std::unique_ptr<ColumnBuilder> builder, ColumnBuilder::Make(field->type()));
    columns.columns.push_back(JsonCoercion::Describe(field->name(), *builder));
    columns.builders.push_back(std::move(builder));
  }
  columns.keys = std::make_unique<JsonCoercion::Keys>(columns.columns);
  return decoder;
}

Status JsonBatchDecoder::AppendPadded(std::string_view object) {
  JsonScanner scanner(object);
  const char* what = "";
  if (columns_->AppendRow(scanner, rows_, &what)) {
    ++rows_;
    return Status::Ok();
  }
  columns_->TakeBack(rows_);
  return ConfigError("{} (byte {} of the value)", what, scanner.offset() + 1);
}

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
  int64_t bytes = 0;
  for (const auto& builder : columns_->builders) bytes += builder->bytes();
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
