#include "formats/meta_changes.h"

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <string>

#include "connector/arrow_status.h"
#include "connector/meta_column.h"

namespace millrace {
namespace {

constexpr const char* kNotingChanges = "noting changed values";

}  // namespace

Result<std::shared_ptr<arrow::Array>> NullWhere(const arrow::Array& column,
                                                const arrow::BooleanArray& where) {
  auto data = column.data()->Copy();
  arrow::TypedBufferBuilder<bool> valid;
  MR_ARROW_RETURN_IF_ERROR(valid.Append(data->offset, false), kNotingChanges);
  for (int64_t row = 0; row < column.length(); ++row) {
    MR_ARROW_RETURN_IF_ERROR(
        valid.Append(column.IsValid(row) && !(where.IsValid(row) && where.Value(row))),
        kNotingChanges);
  }
  MR_ARROW_ASSIGN_OR_RETURN(data->buffers[0], valid.Finish(), kNotingChanges);
  data->null_count = arrow::kUnknownNullCount;
  return arrow::MakeArray(std::move(data));
}

Result<std::shared_ptr<arrow::RecordBatch>> NullUnchanged(const ChangeBatch& batch,
                                                          std::vector<FieldChange>& changes) {
  if (batch.unchanged.empty()) return batch.rows;
  arrow::ArrayVector columns = batch.rows->columns();
  arrow::FieldVector fields = batch.rows->schema()->fields();
  const size_t count = std::min(columns.size(), batch.unchanged.columns.size());
  for (size_t c = 0; c < count; ++c) {
    const auto& unsent = batch.unchanged.columns[c];
    if (unsent == nullptr || unsent->true_count() == 0) continue;
    for (int64_t row = 0; row < unsent->length(); ++row) {
      if (unsent->IsNull(row) || !unsent->Value(row)) continue;
      changes.push_back({row, fields[c]->name(), "NULLED", "SOURCE_RETRIEVAL_ERROR"});
    }
    fields[c] = fields[c]->WithNullable(true);
    if (columns[c]->type_id() == arrow::Type::NA) continue;  // all null already
    MR_ASSIGN_OR_RETURN(columns[c], NullWhere(*columns[c], *unsent));
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.rows->num_rows(),
                                  std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> WithMetaChanges(
    std::shared_ptr<arrow::RecordBatch> rows, const std::vector<FieldChange>& changes) {
  const int meta = rows->schema()->GetFieldIndex(std::string(kMetaColumn));
  if (changes.empty() || meta < 0 || !rows->column(meta)->type()->Equals(*meta_type())) {
    return rows;
  }
  MR_ASSIGN_OR_RETURN(auto column, AddMetaChanges(*rows->column(meta), changes));
  MR_ARROW_ASSIGN_OR_RETURN(
      rows, rows->SetColumn(meta, rows->schema()->field(meta), std::move(column)), kNotingChanges);
  return rows;
}

}  // namespace millrace
