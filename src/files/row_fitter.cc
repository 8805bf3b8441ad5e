#include "files/row_fitter.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "connector/arrow_status.h"
#include "connector/number_type.h"
#include "formats/json_batch_decoder.h"
#include "formats/json_encoder.h"
#include "formats/json_inference.h"
#include "formats/json_scanner.h"
#include "formats/value_text.h"

namespace millrace {
namespace {

constexpr int64_t kConvertedRowsAtOnce = 8192;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// Whether the text is one JSON array or object.
bool IsJsonDocument(std::string_view text) {
  if (!text.starts_with('{') && !text.starts_with('[')) return false;
  std::string padded(text);
  padded.append(static_cast<size_t>(JsonScanner::kPadding), '\0');
  JsonScanner scanner(std::string_view(padded).substr(0, text.size()));
  std::string_view whole;
  return scanner.SkipValue(&whole) && scanner.AtEnd();
}

bool TakesDocuments(const arrow::DataType& type) {
  return IsJsonText(type) || type.id() == arrow::Type::LIST || type.id() == arrow::Type::STRUCT;
}

/// `rows` without those at `left_out` (ascending).
Result<std::shared_ptr<arrow::RecordBatch>> Without(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                    const std::vector<int64_t>& left_out) {
  arrow::RecordBatchVector kept;
  int64_t from = 0;
  for (const int64_t row : left_out) {
    if (row > from) kept.push_back(rows->Slice(from, row - from));
    from = row + 1;
  }
  if (from < rows->num_rows()) kept.push_back(rows->Slice(from));
  if (kept.empty()) return rows->Slice(0, 0);
  MR_ARROW_ASSIGN_OR_RETURN(auto joined, arrow::ConcatenateRecordBatches(kept),
                            "leaving out records");
  return joined;
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> RowFitter::FileColumn(const std::string& name,
                                                            int64_t rows) const {
  const arrow::StringScalar value(name == kFileUrlColumn ? url_ : time_text_);
  MR_ARROW_ASSIGN_OR_RETURN(auto column, arrow::MakeArrayFromScalar(value, rows),
                            "making a column about the file");
  return column;
}

void RowFitter::AppendToken(const arrow::Array& column, int64_t row, const arrow::DataType& target,
                            std::string& out) const {
  if (column.type_id() != arrow::Type::STRING) return AppendJsonValue(column, row, out);
  const std::string_view text = static_cast<const arrow::StringArray&>(column).GetView(row);
  if (rules_.meanings != nullptr) {
    if (rules_.meanings->nulls.contains(text)) {
      out += "null";
      return;
    }
    if (target.id() == arrow::Type::BOOL) {
      const std::string lower = Lower(text);
      if (rules_.meanings->true_values.contains(lower)) {
        out += "true";
        return;
      }
      if (rules_.meanings->false_values.contains(lower)) {
        out += "false";
        return;
      }
    }
  }
  if (TakesDocuments(target) && IsJsonDocument(text)) {
    out += text;
  } else {
    AppendJsonString(text, out);
  }
}

Status RowFitter::Convert(const arrow::RecordBatch& rows, const std::vector<int>& from,
                          const std::vector<int>& to, arrow::ArrayVector& columns,
                          ChangeBatch& fitted) const {
  arrow::FieldVector fields;
  std::vector<std::string> keys;
  for (const int position : to) {
    fields.push_back(schema_->field(position));
    std::string key;
    AppendJsonString(schema_->field(position)->name(), key);
    key += ':';
    keys.push_back(std::move(key));
  }
  MR_ASSIGN_OR_RETURN(auto decoder, JsonBatchDecoder::Make(arrow::schema(std::move(fields))));
  std::vector<arrow::ArrayVector> pieces(to.size());
  std::string text;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    text.clear();
    text += '{';
    for (size_t at = 0; at < from.size(); ++at) {
      const arrow::Array& column = *rows.column(from[at]);
      if (column.IsNull(row)) continue;
      if (text.size() > 1) text += ',';
      text += keys[at];
      AppendToken(column, row, *schema_->field(to[at])->type(), text);
    }
    text += '}';
    MR_RETURN_IF_ERROR(decoder->Append(text));
    if (decoder->rows() < kConvertedRowsAtOnce && row + 1 < rows.num_rows()) continue;
    const int64_t first = row + 1 - decoder->rows();
    MR_ASSIGN_OR_RETURN(ChangeBatch converted, decoder->Finish());
    for (size_t at = 0; at < to.size(); ++at) {
      pieces[at].push_back(converted.rows->column(static_cast<int>(at)));
    }
    for (FieldChange& change : converted.changes) {
      change.row += first;
      fitted.changes.push_back(std::move(change));
    }
  }
  for (size_t at = 0; at < to.size(); ++at) {
    auto& column = columns[static_cast<size_t>(to[at])];
    if (pieces[at].empty()) {
      MR_ARROW_ASSIGN_OR_RETURN(column, arrow::MakeEmptyArray(schema_->field(to[at])->type()),
                                "making an empty column");
    } else if (pieces[at].size() == 1) {
      column = pieces[at].front();
    } else {
      MR_ARROW_ASSIGN_OR_RETURN(column, arrow::Concatenate(pieces[at]), "joining a column");
    }
  }
  return Status::Ok();
}

Result<ChangeBatch> RowFitter::ToSchema(const ChangeBatch& batch) {
  const arrow::RecordBatch& rows = *batch.rows;
  ChangeBatch fitted;
  fitted.changes = batch.changes;
  arrow::ArrayVector columns(static_cast<size_t>(schema_->num_fields()));
  std::vector<int> from, to;  // what has another type
  for (int position = 0; position < schema_->num_fields(); ++position) {
    const auto& field = schema_->field(position);
    auto& column = columns[static_cast<size_t>(position)];
    const int found = rows.schema()->GetFieldIndex(field->name());
    if (field->name() == kFileUrlColumn || field->name() == kFileTimeColumn) {
      MR_ASSIGN_OR_RETURN(column, FileColumn(field->name(), rows.num_rows()));
    } else if (found < 0) {
      MR_ARROW_ASSIGN_OR_RETURN(column, arrow::MakeArrayOfNull(field->type(), rows.num_rows()),
                                "making a column of nulls");
    } else if (rows.column(found)->type()->Equals(*field->type())) {
      column = rows.column(found);
    } else {
      from.push_back(found);
      to.push_back(position);
    }
  }
  if (!to.empty()) MR_RETURN_IF_ERROR(Convert(rows, from, to, columns, fitted));
  std::stable_sort(fitted.changes.begin(), fitted.changes.end(),
                   [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
  fitted.rows = arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns));
  return fitted;
}

Result<ChangeBatch> RowFitter::Fit(const ChangeBatch& batch,
                                   const std::vector<int64_t>& undeclared) {
  MR_ASSIGN_OR_RETURN(ChangeBatch fitted, ToSchema(batch));
  if (rules_.policy == ValidationPolicy::kEmit) return fitted;
  std::string unknown;  // a column that the schema lacks: every row has it
  for (const auto& field : batch.rows->schema()->fields()) {
    if (schema_->GetFieldIndex(field->name()) < 0) unknown = field->name();
  }
  if (!rules_.unknown_columns_matter) unknown.clear();
  std::set<int64_t> misfits;
  for (const FieldChange& change : fitted.changes) misfits.insert(change.row);
  if (rules_.unknown_columns_matter) misfits.insert(undeclared.begin(), undeclared.end());
  if (misfits.empty() && unknown.empty()) return fitted;
  if (rules_.policy == ValidationPolicy::kWaitForDiscover) {
    std::string what = "a record has a key that is no column";
    if (!unknown.empty()) {
      what = fmt::format("the column '{}' is new", unknown);
    } else if (!fitted.changes.empty()) {
      what = fmt::format("a value does not fit its column '{}'", fitted.changes.front().field);
    }
    return ConfigError(
        "{}: {}; the stream waits here, as its validation_policy \"Wait for Discover\" says: "
        "discover its schema again",
        url_, what);
  }
  if (!unknown.empty()) {
    skipped_ += fitted.rows->num_rows();
    ChangeBatch none;
    none.rows = fitted.rows->Slice(0, 0);
    return none;
  }
  skipped_ += static_cast<int64_t>(misfits.size());
  ChangeBatch kept;
  MR_ASSIGN_OR_RETURN(kept.rows, Without(fitted.rows, {misfits.begin(), misfits.end()}));
  return kept;
}

}  // namespace millrace
