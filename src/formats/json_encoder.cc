#include "formats/json_encoder.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/float16.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "connector/number_type.h"
#include "formats/array_value.h"
#include "formats/value_text.h"

namespace millrace {
namespace {

template <typename ArrayType>
std::string_view ViewOf(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).GetView(row);
}

template <typename ArrayType>
void AppendInteger(const arrow::Array& array, int64_t row, std::string& out) {
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), +ValueOf<ArrayType>(array, row));
}

void AppendExtension(const arrow::Array& array, int64_t row, std::string& out) {
  const auto& storage = *static_cast<const arrow::ExtensionArray&>(array).storage();
  if (IsNumber(*array.type()) || IsJsonText(*array.type())) {
    out += ViewOf<arrow::StringArray>(storage, row);
  } else {
    AppendJsonValue(storage, row, out);
  }
}

template <typename ListType>
void AppendList(const arrow::Array& array, int64_t row, std::string& out) {
  const auto& list = static_cast<const ListType&>(array);
  const auto& values = *list.values();
  const int64_t begin = list.value_offset(row);
  const int64_t end = begin + list.value_length(row);
  out += '[';
  for (int64_t i = begin; i < end; ++i) {
    if (i != begin) out += ',';
    AppendJsonValue(values, i, out);
  }
  out += ']';
}

void AppendStruct(const arrow::Array& array, int64_t row, std::string& out) {
  const auto& fields = static_cast<const arrow::StructArray&>(array);
  out += '{';
  for (int i = 0; i < fields.num_fields(); ++i) {
    if (i != 0) out += ',';
    AppendJsonString(array.type()->field(i)->name(), out);
    out += ':';
    AppendJsonValue(*fields.field(i), row, out);
  }
  out += '}';
}

void AppendTemporal(const arrow::Array& array, int64_t row, std::string& out) {
  const arrow::DataType& type = *array.type();
  switch (type.id()) {
    case arrow::Type::DATE32:
      return AppendDate(ValueOf<arrow::Date32Array>(array, row), out);
    case arrow::Type::DATE64:
      return AppendDate(ValueOf<arrow::Date64Array>(array, row) / 86'400'000, out);
    case arrow::Type::TIME32:
      return AppendTime(ValueOf<arrow::Time32Array>(array, row),
                        static_cast<const arrow::TimeType&>(type).unit(), out);
    case arrow::Type::TIME64:
      return AppendTime(ValueOf<arrow::Time64Array>(array, row),
                        static_cast<const arrow::TimeType&>(type).unit(), out);
    default: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      return AppendTimestamp(ValueOf<arrow::TimestampArray>(array, row), timestamp.unit(),
                             !timestamp.timezone().empty(), out);
    }
  }
}

bool IsTemporal(arrow::Type::type id) {
  return arrow::is_date(id) || arrow::is_time(id) || id == arrow::Type::TIMESTAMP;
}

void AppendNumeric(const arrow::Array& array, int64_t row, std::string& out) {
  switch (array.type_id()) {
    case arrow::Type::INT8:
      return AppendInteger<arrow::Int8Array>(array, row, out);
    case arrow::Type::UINT8:
      return AppendInteger<arrow::UInt8Array>(array, row, out);
    case arrow::Type::INT16:
      return AppendInteger<arrow::Int16Array>(array, row, out);
    case arrow::Type::UINT16:
      return AppendInteger<arrow::UInt16Array>(array, row, out);
    case arrow::Type::INT32:
      return AppendInteger<arrow::Int32Array>(array, row, out);
    case arrow::Type::UINT32:
      return AppendInteger<arrow::UInt32Array>(array, row, out);
    case arrow::Type::INT64:
      return AppendInteger<arrow::Int64Array>(array, row, out);
    case arrow::Type::UINT64:
      return AppendInteger<arrow::UInt64Array>(array, row, out);
    case arrow::Type::HALF_FLOAT:
      return AppendFloat(
          arrow::util::Float16::FromBits(ValueOf<arrow::HalfFloatArray>(array, row)).ToFloat(),
          out);
    case arrow::Type::FLOAT:
      return AppendFloat(ValueOf<arrow::FloatArray>(array, row), out);
    case arrow::Type::DOUBLE:
      return AppendDouble(ValueOf<arrow::DoubleArray>(array, row), out);
    case arrow::Type::DECIMAL128:
      out += static_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
      return;
    default:
      out += static_cast<const arrow::Decimal256Array&>(array).FormatValue(row);
      return;
  }
}

bool IsNumeric(arrow::Type::type id) {
  return arrow::is_integer(id) || arrow::is_floating(id) || id == arrow::Type::DECIMAL128 ||
         id == arrow::Type::DECIMAL256;
}

void AppendQuoted(std::string_view bytes, bool binary, std::string& out) {
  if (!binary) return AppendJsonString(bytes, out);
  out += '"';
  AppendBase64(bytes, out);
  out += '"';
}

}  // namespace

bool HasJsonForm(const arrow::DataType& type) {
  if (type.id() == arrow::Type::EXTENSION) {
    return HasJsonForm(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  if (type.id() == arrow::Type::DICTIONARY) {
    return HasJsonForm(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return std::all_of(type.fields().begin(), type.fields().end(),
                         [](const auto& field) { return HasJsonForm(*field->type()); });
    default:
      return type.id() == arrow::Type::NA || type.id() == arrow::Type::BOOL ||
             IsNumeric(type.id()) || IsTemporal(type.id()) ||
             arrow::is_base_binary_like(type.id()) || type.id() == arrow::Type::FIXED_SIZE_BINARY;
  }
}

void AppendJsonValue(const arrow::Array& array, int64_t row, std::string& out) {
  const arrow::Type::type id = array.type_id();
  if (array.IsNull(row)) {
    out += "null";
  } else if (IsNumeric(id)) {
    AppendNumeric(array, row, out);
  } else if (IsTemporal(id)) {
    out += '"';
    AppendTemporal(array, row, out);
    out += '"';
  } else {
    switch (id) {
      case arrow::Type::BOOL:
        out += ValueOf<arrow::BooleanArray>(array, row) ? "true" : "false";
        break;
      case arrow::Type::STRING:
      case arrow::Type::BINARY:
        AppendQuoted(ViewOf<arrow::BinaryArray>(array, row), id == arrow::Type::BINARY, out);
        break;
      case arrow::Type::LARGE_STRING:
      case arrow::Type::LARGE_BINARY:
        AppendQuoted(ViewOf<arrow::LargeBinaryArray>(array, row), id == arrow::Type::LARGE_BINARY,
                     out);
        break;
      case arrow::Type::FIXED_SIZE_BINARY:
        AppendQuoted(ViewOf<arrow::FixedSizeBinaryArray>(array, row), true, out);
        break;
      case arrow::Type::EXTENSION:
        AppendExtension(array, row, out);
        break;
      case arrow::Type::LIST:
      case arrow::Type::MAP:
        AppendList<arrow::ListArray>(array, row, out);
        break;
      case arrow::Type::LARGE_LIST:
        AppendList<arrow::LargeListArray>(array, row, out);
        break;
      case arrow::Type::FIXED_SIZE_LIST:
        AppendList<arrow::FixedSizeListArray>(array, row, out);
        break;
      case arrow::Type::STRUCT:
        AppendStruct(array, row, out);
        break;
      case arrow::Type::DICTIONARY: {
        const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
        AppendJsonValue(*dictionary.dictionary(), dictionary.GetValueIndex(row), out);
        break;
      }
      default:
        out += "null";  // Make() refused the type
    }
  }
}

Result<JsonEncoder> JsonEncoder::Make(const SchemaPtr& schema) {
  JsonEncoder encoder;
  for (int i = 0; i < schema->num_fields(); ++i) {
    const arrow::Field& field = *schema->field(i);
    if (!HasJsonForm(*field.type())) {
      return SystemError("column {}: JSON can't hold the type {}", field.name(),
                         field.type()->ToString());
    }
    std::string key;
    AppendJsonString(field.name(), key);
    encoder.keys_.push_back(key + ":");
    encoder.all_columns_.push_back(i);
  }
  return encoder;
}

void JsonEncoder::AppendField(const arrow::RecordBatch& rows, int column, int64_t row,
                              std::string& out) const {
  out += keys_[static_cast<size_t>(column)];
  AppendJsonValue(*rows.column(column), row, out);
}

void JsonEncoder::AppendRow(const arrow::RecordBatch& rows, int64_t row,
                            const std::vector<int>& columns, std::string& out) const {
  out += '{';
  bool first = true;
  for (const int column : columns) {
    if (!first) out += ',';
    first = false;
    AppendField(rows, column, row, out);
  }
  out += '}';
}

}  // namespace millrace
