#include "formats/parquet_types.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include "connector/arrow_status.h"
#include "connector/meta_column.h"
#include "connector/number_type.h"

namespace millrace {
namespace {

using DataTypePtr = std::shared_ptr<arrow::DataType>;

Result<DataTypePtr> ParquetTypeOf(const DataTypePtr& type);

Result<std::shared_ptr<arrow::Field>> ParquetFieldOf(const std::shared_ptr<arrow::Field>& field) {
  auto type = ParquetTypeOf(field->type());
  if (!type.ok()) return type.status().WithContext("column " + field->name());
  return arrow::field(field->name(), *std::move(type), field->nullable());
}

/// A nested type with its children replaced.
Result<DataTypePtr> NestedTypeOf(const arrow::DataType& type) {
  arrow::FieldVector fields;
  for (const auto& field : type.fields()) {
    MR_ASSIGN_OR_RETURN(auto converted, ParquetFieldOf(field));
    fields.push_back(std::move(converted));
  }
  switch (type.id()) {
    case arrow::Type::LIST:
      return arrow::list(fields[0]);
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(fields[0]);
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(fields[0],
                                    static_cast<const arrow::FixedSizeListType&>(type).list_size());
    case arrow::Type::MAP:
      return DataTypePtr(std::make_shared<arrow::MapType>(fields[0]));
    default:
      return arrow::struct_(fields);
  }
}

Result<DataTypePtr> ParquetTypeOf(const DataTypePtr& type) {
  if (IsJsonText(*type)) return arrow::utf8();
  switch (type->id()) {
    case arrow::Type::NA:
    case arrow::Type::STRING_VIEW:
      return arrow::utf8();
    case arrow::Type::BINARY_VIEW:
      return arrow::binary();
    case arrow::Type::DICTIONARY:
      return ParquetTypeOf(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case arrow::Type::STRUCT:
      if (type->num_fields() == 0) break;
      [[fallthrough]];
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP:
      return NestedTypeOf(*type);
    case arrow::Type::BOOL:
    case arrow::Type::UINT8:
    case arrow::Type::INT8:
    case arrow::Type::UINT16:
    case arrow::Type::INT16:
    case arrow::Type::UINT32:
    case arrow::Type::INT32:
    case arrow::Type::UINT64:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return type;
    default:
      break;
  }
  return SystemError("Parquet files can't hold the type {}", type->ToString());
}

Result<std::shared_ptr<arrow::Array>> CastTo(const arrow::Array& column, const DataTypePtr& type) {
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
  options.allow_time_truncate = true;  // _airbyte_extracted_at, to milliseconds
  MR_ARROW_ASSIGN_OR_RETURN(auto cast, arrow::compute::Cast(column, type, options),
                            "converting a column for Parquet");
  return cast;
}

/// The same lists or structs over converted children.
Result<std::shared_ptr<arrow::Array>> NestedColumnOf(const arrow::Array& column,
                                                     const DataTypePtr& type) {
  auto data = column.data()->Copy();
  data->type = type;
  for (int i = 0; i < type->num_fields(); ++i) {
    MR_ASSIGN_OR_RETURN(
        auto child, ParquetColumnOf(arrow::MakeArray(data->child_data[i]), type->field(i)->type()));
    data->child_data[i] = child->data();
  }
  return arrow::MakeArray(std::move(data));
}

}  // namespace

Result<SchemaPtr> ParquetSchemaOf(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  fields.reserve(schema.num_fields());
  for (const auto& field : schema.fields()) {
    if (field->name() == kExtractedAtColumn && field->type()->id() == arrow::Type::TIMESTAMP) {
      const auto& zone = static_cast<const arrow::TimestampType&>(*field->type()).timezone();
      fields.push_back(field->WithType(arrow::timestamp(arrow::TimeUnit::MILLI, zone)));
      continue;
    }
    MR_ASSIGN_OR_RETURN(auto converted, ParquetFieldOf(field));
    fields.push_back(std::move(converted));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::Array>> ParquetColumnOf(
    const std::shared_ptr<arrow::Array>& column, const std::shared_ptr<arrow::DataType>& type) {
  if (column->type().get() == type.get() || column->type()->Equals(*type)) return column;
  switch (column->type_id()) {
    case arrow::Type::EXTENSION:
      return ParquetColumnOf(static_cast<const arrow::ExtensionArray&>(*column).storage(), type);
    case arrow::Type::NA: {
      MR_ARROW_ASSIGN_OR_RETURN(auto nulls, arrow::MakeArrayOfNull(type, column->length()),
                                "making a column of nulls");
      return nulls;
    }
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return NestedColumnOf(*column, type);
    default:
      return CastTo(*column, type);
  }
}

}  // namespace millrace
