#include "lake/merge/staged_columns.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <string>
#include <utility>
#include <vector>

#include "connector/arrow_status.h"

namespace millrace {
namespace {

constexpr const char* kStaging = "staging changes";

bool Unsent(const arrow::BooleanArray* mask, int64_t row) {
  return mask != nullptr && row < mask->length() && mask->IsValid(row) && mask->Value(row);
}

Result<std::shared_ptr<arrow::Array>> UnsentNames(const ChangeBatch& batch,
                                                  const arrow::Schema& schema) {
  arrow::BinaryBuilder builder;
  std::string names;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    names.clear();
    for (size_t c = 0; c < batch.unchanged.columns.size(); ++c) {
      if (!Unsent(batch.unchanged.columns[c].get(), row)) continue;
      names += schema.field(static_cast<int>(c))->name();
      names += '\0';
    }
    MR_ARROW_RETURN_IF_ERROR(names.empty() ? builder.AppendNull() : builder.Append(names),
                             kStaging);
  }
  MR_ARROW_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> column, builder.Finish(), kStaging);
  return column;
}

void Widen(const ChangeBatch& batch, const arrow::RecordBatch& rows, StagedShape& shape) {
  const arrow::Schema& schema = *rows.schema();
  for (size_t c = 0; c < batch.unchanged.columns.size(); ++c) {
    const auto& mask = batch.unchanged.columns[c];
    if (mask == nullptr || mask->true_count() == 0) continue;
    shape.unsent = true;
    shape.nullable.insert(schema.field(static_cast<int>(c))->name());
  }
  if (batch.replaces == nullptr) return;
  shape.sets = true;
  for (int c = 0; c < rows.num_columns(); ++c) {
    if (rows.column(c)->null_count() > 0) shape.nullable.insert(schema.field(c)->name());
  }
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> WithStagedColumns(
    const ChangeBatch& batch, const std::shared_ptr<arrow::RecordBatch>& rows, StagedShape& shape) {
  Widen(batch, *rows, shape);
  if (!shape.unsent && !shape.sets) return rows;
  arrow::FieldVector fields = rows->schema()->fields();
  arrow::ArrayVector columns = rows->columns();
  for (auto& field : fields) {
    if (shape.nullable.contains(field->name())) field = field->WithNullable(true);
  }
  if (shape.unsent) {
    MR_ASSIGN_OR_RETURN(auto unsent, UnsentNames(batch, *rows->schema()));
    fields.push_back(arrow::field(kUnsentColumn, arrow::binary()));
    columns.push_back(std::move(unsent));
  }
  if (shape.sets) {
    if (batch.replaces == nullptr) {
      return SystemError("a batch of a derived stream does not say what its rows replace");
    }
    fields.push_back(arrow::field(kSetColumn, arrow::int64()));
    columns.push_back(batch.replaces->change);
    fields.push_back(arrow::field(kEmptySetColumn, arrow::boolean()));
    columns.push_back(batch.replaces->empty);
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows->num_rows(),
                                  std::move(columns));
}

}  // namespace millrace
