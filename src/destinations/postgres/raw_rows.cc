#include "destinations/postgres/raw_rows.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <string>

#include "connector/arrow_status.h"
#include "connector/meta_column.h"
#include "connector/number_type.h"
#include "destinations/postgres/value_limits.h"
#include "formats/json_encoder.h"
#include "formats/meta_changes.h"

namespace millrace {
namespace {

constexpr const char* kMakingRawRows = "making raw records";
constexpr std::string_view kMetadata[] = {kRawIdColumn, kExtractedAtColumn, kMetaColumn,
                                          kGenerationIdColumn};

bool IsMetadata(std::string_view name) {
  for (const std::string_view column : kMetadata) {
    if (name == column) return true;
  }
  return false;
}

/// The rows whose columns jsonb takes, each where it doesn't as null with a change.
Result<std::shared_ptr<arrow::RecordBatch>> FitRecords(
    const std::shared_ptr<arrow::RecordBatch>& rows, std::vector<FieldChange>& changes) {
  MR_ASSIGN_OR_RETURN(auto fitted, FitValues(rows, changes));
  // Nulls come over; the types, which say how JSON spells them, stay.
  arrow::ArrayVector columns = rows->columns();
  for (int i = 0; i < rows->num_columns(); ++i) {
    if (fitted->column(i)->null_count() == columns[i]->null_count()) continue;
    arrow::BooleanBuilder gone;
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      MR_ARROW_RETURN_IF_ERROR(gone.Append(fitted->column(i)->IsNull(row)), kMakingRawRows);
    }
    std::shared_ptr<arrow::BooleanArray> where;
    MR_ARROW_RETURN_IF_ERROR(gone.Finish(&where), kMakingRawRows);
    MR_ASSIGN_OR_RETURN(columns[i], NullWhere(*columns[i], *where));
  }
  return arrow::RecordBatch::Make(rows->schema(), rows->num_rows(), std::move(columns));
}

}  // namespace

Status CheckRawSchema(const arrow::Schema& schema) {
  for (const std::string_view column : kMetadata) {
    if (schema.GetFieldIndex(std::string(column)) >= 0) continue;
    return ConfigError(
        "disable_type_dedupe needs Airbyte's metadata columns: set metadata: current");
  }
  return Status::Ok();
}

Result<std::shared_ptr<arrow::RecordBatch>> RawRowsOf(
    const std::shared_ptr<arrow::RecordBatch>& rows, std::vector<FieldChange>& changes) {
  MR_ASSIGN_OR_RETURN(const auto records, FitRecords(rows, changes));
  std::vector<int> own;
  for (int i = 0; i < rows->num_columns(); ++i) {
    if (!IsMetadata(rows->schema()->field(i)->name())) own.push_back(i);
  }
  MR_ASSIGN_OR_RETURN(const JsonEncoder encoder, JsonEncoder::Make(records->schema()));
  arrow::LargeStringBuilder data;
  std::string json;
  for (int64_t row = 0; row < records->num_rows(); ++row) {
    json.clear();
    encoder.AppendRow(*records, row, own, json);
    MR_ARROW_RETURN_IF_ERROR(data.Append(json), kMakingRawRows);
  }
  MR_ARROW_ASSIGN_OR_RETURN(auto text, data.Finish(), kMakingRawRows);
  const auto column = [&](std::string_view name) {
    return rows->GetColumnByName(std::string(name));
  };
  MR_ARROW_ASSIGN_OR_RETURN(auto never, arrow::MakeArrayOfNull(arrow::null(), rows->num_rows()),
                            kMakingRawRows);
  const arrow::ArrayVector columns = {column(kRawIdColumn), column(kExtractedAtColumn),  never,
                                      column(kMetaColumn),  column(kGenerationIdColumn), text};
  const std::vector<std::string> names = {
      std::string(kRawIdColumn), std::string(kExtractedAtColumn),  "_airbyte_loaded_at",
      std::string(kMetaColumn),  std::string(kGenerationIdColumn), "_airbyte_data"};
  arrow::FieldVector fields;
  for (size_t i = 0; i < names.size(); ++i) {
    fields.push_back(arrow::field(names[i], columns[i]->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows->num_rows(), columns);
}

}  // namespace millrace
