#include "formats/arrow_types.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include <utility>

#include "connector/arrow_status.h"
#include "connector/number_type.h"

namespace millrace {
namespace {

constexpr std::string_view kUuid = "arrow.uuid";
constexpr int64_t kNanosPerMicro = 1000;

std::string_view ExtensionName(const arrow::DataType& type) {
  static thread_local std::string name;
  name = static_cast<const arrow::ExtensionType&>(type).extension_name();
  return name;
}

std::shared_ptr<arrow::DataType> ListItems(const arrow::DataType& type) {
  return type.field(0)->type();
}

bool IsListLike(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::MAP:
      return true;
    default:
      return false;
  }
}

std::string UuidText(const uint8_t* bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int at = 0; at < 16; ++at) {
    if (at == 4 || at == 6 || at == 8 || at == 10) text += '-';
    text += kDigits[bytes[at] >> 4];
    text += kDigits[bytes[at] & 15];
  }
  return text;
}

Result<std::shared_ptr<arrow::Array>> UuidToText(const arrow::Array& storage) {
  const auto& uuids = static_cast<const arrow::FixedSizeBinaryArray&>(storage);
  arrow::StringBuilder builder;
  for (int64_t row = 0; row < uuids.length(); ++row) {
    MR_ARROW_RETURN_IF_ERROR(
        uuids.IsNull(row) ? builder.AppendNull() : builder.Append(UuidText(uuids.GetValue(row))),
        "converting a uuid");
  }
  MR_ARROW_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> text, builder.Finish(),
                            "converting a uuid");
  return text;
}

/// The plain cast, cutting what is finer than the target's unit.
Result<std::shared_ptr<arrow::Array>> Cast(const arrow::Array& array,
                                           const std::shared_ptr<arrow::DataType>& type) {
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
  options.allow_time_truncate = true;
  MR_ARROW_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> cast,
                            arrow::compute::Cast(array, type, options), "converting a column");
  return cast;
}

void ReportLostNanos(const arrow::Array& array, const std::string& field,
                     std::vector<FieldChange>* changes) {
  const auto& times = static_cast<const arrow::Int64Array&>(array);
  for (int64_t row = 0; row < times.length(); ++row) {
    if (!times.IsNull(row) && times.Value(row) % kNanosPerMicro != 0) {
      changes->push_back({row, field, "TRUNCATED", "SOURCE_FIELD_SIZE_LIMITATION"});
    }
  }
}

Result<std::shared_ptr<arrow::Array>> ConvertList(const std::shared_ptr<arrow::Array>& array,
                                                  const std::string& field,
                                                  std::vector<FieldChange>* changes) {
  const arrow::DataType& type = *array->type();
  std::shared_ptr<arrow::ArrayData> data = array->data();
  if (type.id() != arrow::Type::LIST && type.id() != arrow::Type::MAP) {
    MR_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> list,
                        Cast(*array, arrow::list(ListItems(type))));
    data = list->data();
  }
  // The items' own rows are not the column's: what they lose is reported for the first row.
  std::vector<FieldChange> item_changes;
  MR_ASSIGN_OR_RETURN(
      const std::shared_ptr<arrow::Array> items,
      ToTravellingType(arrow::MakeArray(data->child_data[0]), field, &item_changes));
  if (!item_changes.empty()) {
    changes->push_back({0, field, item_changes[0].change, item_changes[0].reason});
  }
  data = data->Copy();
  data->type = arrow::list(items->type());
  data->child_data = {items->data()};
  return arrow::MakeArray(std::move(data));
}

Result<std::shared_ptr<arrow::Array>> ConvertStruct(const std::shared_ptr<arrow::Array>& array,
                                                    const std::string& field,
                                                    std::vector<FieldChange>* changes) {
  std::shared_ptr<arrow::ArrayData> data = array->data()->Copy();
  data->type = TravellingType(array->type());
  for (std::shared_ptr<arrow::ArrayData>& child : data->child_data) {
    MR_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> converted,
                        ToTravellingType(arrow::MakeArray(child), field, changes));
    child = converted->data();
  }
  return arrow::MakeArray(std::move(data));
}

}  // namespace

std::shared_ptr<arrow::DataType> TravellingType(const std::shared_ptr<arrow::DataType>& type) {
  using arrow::Type;
  if (IsListLike(*type)) return arrow::list(TravellingType(ListItems(*type)));
  switch (type->id()) {
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::DURATION:
      return arrow::int64();
    case Type::UINT64:
      return arrow::decimal128(20, 0);
    case Type::HALF_FLOAT:
    case Type::FLOAT:
      return arrow::float64();
    case Type::DECIMAL32:
    case Type::DECIMAL64: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
      return arrow::decimal128(decimal.precision(), decimal.scale());
    }
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
    case Type::NA:
      return arrow::utf8();
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return arrow::binary();
    case Type::DATE64:
      return arrow::date32();
    case Type::TIME32:
    case Type::TIME64:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case Type::TIMESTAMP: {
      const bool zoned = !static_cast<const arrow::TimestampType&>(*type).timezone().empty();
      return arrow::timestamp(arrow::TimeUnit::MICRO, zoned ? "UTC" : "");
    }
    case Type::DICTIONARY:
      return TravellingType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) {
        fields.push_back(field->WithType(TravellingType(field->type())));
      }
      return arrow::struct_(std::move(fields));
    }
    case Type::EXTENSION:
      if (IsNumber(*type) || IsJsonText(*type)) return type;
      if (ExtensionName(*type) == kUuid) return arrow::utf8();
      return TravellingType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
    default:
      return type;
  }
}

Result<std::shared_ptr<arrow::Array>> ToTravellingType(const std::shared_ptr<arrow::Array>& array,
                                                       const std::string& field,
                                                       std::vector<FieldChange>* changes) {
  const std::shared_ptr<arrow::DataType>& type = array->type();
  const std::shared_ptr<arrow::DataType> target = TravellingType(type);
  if (target->Equals(*type)) return array;
  if (IsListLike(*type)) return ConvertList(array, field, changes);
  if (type->id() == arrow::Type::STRUCT) return ConvertStruct(array, field, changes);
  if (type->id() == arrow::Type::EXTENSION) {
    const auto& storage = static_cast<const arrow::ExtensionArray&>(*array).storage();
    if (ExtensionName(*type) == kUuid) return UuidToText(*storage);
    return ToTravellingType(storage, field, changes);
  }
  if (type->id() == arrow::Type::DICTIONARY) {
    const auto& values = static_cast<const arrow::DictionaryType&>(*type).value_type();
    MR_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> plain, Cast(*array, values));
    return ToTravellingType(plain, field, changes);
  }
  const bool nanos =
      (type->id() == arrow::Type::TIMESTAMP &&
       static_cast<const arrow::TimestampType&>(*type).unit() == arrow::TimeUnit::NANO) ||
      (type->id() == arrow::Type::TIME64 &&
       static_cast<const arrow::Time64Type&>(*type).unit() == arrow::TimeUnit::NANO);
  if (nanos) ReportLostNanos(*array->View(arrow::int64()).ValueOrDie(), field, changes);
  return Cast(*array, target);
}

}  // namespace millrace
