#include "files/schemaless_rows.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <string>

#include "connector/number_type.h"
#include "formats/column_builder.h"
#include "formats/json_encoder.h"

namespace millrace {

const SchemaPtr& SchemalessSchema() {
  static const SchemaPtr schema = arrow::schema({arrow::field(kSchemalessColumn, json_text())});
  return schema;
}

Result<ChangeBatch> WrapRows(const ChangeBatch& batch) {
  MR_ASSIGN_OR_RETURN(const JsonEncoder encoder, JsonEncoder::Make(batch.rows->schema()));
  MR_ASSIGN_OR_RETURN(const auto builder, ColumnBuilder::Make(json_text()));
  std::string text;
  for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
    text.clear();
    encoder.AppendRow(*batch.rows, row, text);
    builder->AppendText(text);
  }
  ChangeBatch wrapped;
  wrapped.changes = batch.changes;
  MR_ASSIGN_OR_RETURN(auto column, builder->Finish());
  wrapped.rows = arrow::RecordBatch::Make(SchemalessSchema(), batch.rows->num_rows(), {column});
  return wrapped;
}

}  // namespace millrace
