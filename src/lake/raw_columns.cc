#include "lake/raw_columns.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "connector/meta_column.h"

namespace millrace {
namespace {

constexpr const char* kClassicId = "_airbyte_ab_id";
constexpr const char* kClassicEmittedAt = "_airbyte_emitted_at";

arrow::FieldVector MetadataFields() {
  return {arrow::field(kClassicId, arrow::utf8(), false),
          arrow::field(kClassicEmittedAt, arrow::int64(), false)};
}

/// The column under either name; -1 when there is none.
int Find(const arrow::Schema& schema, std::string_view current, std::string_view classic) {
  const int found = schema.GetFieldIndex(std::string(current));
  return found >= 0 || classic.empty() ? found : schema.GetFieldIndex(std::string(classic));
}

int64_t CountChanges(const arrow::Array& meta) {
  const auto changes = static_cast<const arrow::StructArray&>(meta).GetFieldByName("changes");
  if (changes == nullptr || changes->type_id() != arrow::Type::LIST) return 0;
  const auto& lists = static_cast<const arrow::ListArray&>(*changes);
  return lists.value_offset(lists.length()) - lists.value_offset(0);
}

}  // namespace

SchemaPtr RawColumns::SchemaOf(const arrow::Schema& own) {
  arrow::FieldVector fields = MetadataFields();
  fields.insert(fields.end(), own.fields().begin(), own.fields().end());
  return arrow::schema(std::move(fields));
}

Result<RawColumns> RawColumns::Make(const SchemaPtr& input) {
  RawColumns raw;
  raw.input_ = input;
  raw.id_ = Find(*input, kRawIdColumn, kClassicId);
  raw.emitted_at_ = Find(*input, kExtractedAtColumn, kClassicEmittedAt);
  raw.meta_ = Find(*input, kMetaColumn, "");
  const int generation = Find(*input, kGenerationIdColumn, "");
  if (raw.id_ < 0 || raw.emitted_at_ < 0) {
    return ConfigError(
        "this destination's files always have _airbyte_ab_id and _airbyte_emitted_at: set "
        "metadata to classic or current, not none");
  }
  const auto& stamp = *input->field(raw.emitted_at_)->type();
  if (stamp.id() != arrow::Type::TIMESTAMP ||
      static_cast<const arrow::TimestampType&>(stamp).unit() != arrow::TimeUnit::MILLI) {
    return SystemError("the column of extraction times is {}, not milliseconds", stamp.ToString());
  }
  arrow::FieldVector own;
  for (int i = 0; i < input->num_fields(); ++i) {
    if (i == raw.id_ || i == raw.emitted_at_ || i == raw.meta_ || i == generation) continue;
    raw.own_.push_back(i);
    own.push_back(input->field(i));
  }
  raw.schema_ = SchemaOf(arrow::Schema(std::move(own)));
  return raw;
}

Result<ChangeBatch> RawColumns::Apply(const ChangeBatch& batch) {
  if (batch.rows->num_columns() != input_->num_fields()) {
    return SystemError("a batch of {} columns came for a schema of {}", batch.rows->num_columns(),
                       input_->num_fields());
  }
  if (meta_ >= 0) changes_dropped_ += CountChanges(*batch.rows->column(meta_));
  const auto stamps = batch.rows->column_data(emitted_at_)->Copy();
  stamps->type = arrow::int64();  // milliseconds lie in memory as whole numbers do
  std::vector<std::shared_ptr<arrow::ArrayData>> columns = {batch.rows->column_data(id_), stamps};
  ChangeBatch out;
  out.changes = batch.changes;
  if (!batch.unchanged.empty()) out.unchanged.columns.resize(2);
  for (const int column : own_) {
    columns.push_back(batch.rows->column_data(column));
    if (batch.unchanged.empty()) continue;
    out.unchanged.columns.push_back(batch.unchanged.columns[static_cast<size_t>(column)]);
  }
  out.rows = arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns));
  return out;
}

}  // namespace millrace
