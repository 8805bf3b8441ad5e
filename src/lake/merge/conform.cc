#include "lake/merge/conform.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <charconv>
#include <utility>

#include "connector/arrow_status.h"

namespace millrace {
namespace {

using DataTypePtr = std::shared_ptr<arrow::DataType>;
using ArrayPtr = std::shared_ptr<arrow::Array>;

constexpr const char* kConforming = "converting stored values to the table's types";

/// The canonical text of each number: what number columns hold once they are text.
Result<ArrayPtr> NumberTexts(const arrow::DoubleArray& numbers) {
  arrow::StringBuilder builder;
  char text[400];
  for (int64_t row = 0; row < numbers.length(); ++row) {
    if (numbers.IsNull(row)) {
      MR_ARROW_RETURN_IF_ERROR(builder.AppendNull(), kConforming);
      continue;
    }
    const double value = numbers.Value(row) == 0 ? 0.0 : numbers.Value(row);  // no "-0"
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
    MR_ARROW_RETURN_IF_ERROR(builder.Append(text, static_cast<int32_t>(end.ptr - text)),
                             kConforming);
  }
  MR_ARROW_ASSIGN_OR_RETURN(ArrayPtr texts, builder.Finish(), kConforming);
  return texts;
}

Result<ArrayPtr> Convert(const ArrayPtr& column, const DataTypePtr& type);

bool IsList(const arrow::DataType& type) { return type.id() == arrow::Type::LIST; }

/// Lists and structs: files call a list's items "element", and forget what may be null.
Result<ArrayPtr> ConvertNested(const ArrayPtr& column, const DataTypePtr& type) {
  auto data = column->data()->Copy();
  data->type = type;
  if (IsList(*type)) {
    MR_ASSIGN_OR_RETURN(const ArrayPtr items,
                        Convert(arrow::MakeArray(data->child_data[0]), type->field(0)->type()));
    data->child_data[0] = items->data();
    return arrow::MakeArray(std::move(data));
  }
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  const auto& from = static_cast<const arrow::StructType&>(*column->type());
  for (const auto& field : type->fields()) {
    const int at = from.GetFieldIndex(field->name());
    ArrayPtr child = at < 0 ? nullptr : arrow::MakeArray(data->child_data[static_cast<size_t>(at)]);
    MR_ASSIGN_OR_RETURN(child, ConformColumn(child, *field, data->offset + data->length));
    children.push_back(child->data());
  }
  data->child_data = std::move(children);
  return arrow::MakeArray(std::move(data));
}

Result<ArrayPtr> Convert(const ArrayPtr& column, const DataTypePtr& type) {
  if (column->type()->Equals(*type)) return column;
  const bool nested =
      (IsList(*type) && IsList(*column->type())) ||
      (type->id() == arrow::Type::STRUCT && column->type_id() == arrow::Type::STRUCT);
  if (nested) return ConvertNested(column, type);
  if (column->type_id() == arrow::Type::DOUBLE && type->id() == arrow::Type::STRING) {
    return NumberTexts(static_cast<const arrow::DoubleArray&>(*column));
  }
  if (column->type_id() == arrow::Type::INT64 && arrow::is_decimal(type->id())) {
    // Arrow asks for room for any integer; it is the values that have to fit.
    const int32_t scale = static_cast<const arrow::DecimalType&>(*type).scale();
    const auto roomy = arrow::compute::Cast(*column, arrow::decimal256(19 + scale, scale));
    if (roomy.ok()) return Convert(*roomy, type);
  }
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
  // _airbyte_extracted_at has milliseconds in files and is read back with microseconds.
  options.allow_time_truncate = true;
  const auto cast = arrow::compute::Cast(*column, type, options);
  if (cast.ok()) return *cast;
  return ConfigError(
      "stored values of type {} do not fit its new type {} ({}); run with "
      "--full-refresh",
      column->type()->ToString(), type->ToString(), cast.status().message());
}

}  // namespace

Result<ArrayPtr> ConformColumn(const ArrayPtr& column, const arrow::Field& field, int64_t rows) {
  if (column == nullptr) {
    MR_ARROW_ASSIGN_OR_RETURN(ArrayPtr nulls, arrow::MakeArrayOfNull(field.type(), rows),
                              kConforming);
    return nulls;
  }
  auto converted = Convert(column, field.type());
  if (!converted.ok()) return converted.status().WithContext("column " + field.name());
  return converted;
}

Result<std::shared_ptr<arrow::RecordBatch>> ConformRows(const arrow::RecordBatch& rows,
                                                        const SchemaPtr& schema) {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    MR_ASSIGN_OR_RETURN(
        auto column, ConformColumn(rows.GetColumnByName(field->name()), *field, rows.num_rows()));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, rows.num_rows(), std::move(columns));
}

SchemaPtr WithNullableOf(const SchemaPtr& schema, const arrow::Schema& file) {
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    const auto there = file.GetFieldByName(field->name());
    fields.push_back(there == nullptr || there->nullable() ? field->WithNullable(true) : field);
  }
  return arrow::schema(std::move(fields));
}

}  // namespace millrace
