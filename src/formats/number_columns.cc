#include "formats/number_columns.h"

#include <arrow/array.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"
#include "connector/number_type.h"

namespace millrace {
namespace {

constexpr int kDecimalPrecision = 38;
constexpr int kDecimalScale = 9;
constexpr const char* kConvertingNumbers = "converting numbers";

using DataTypePtr = std::shared_ptr<arrow::DataType>;

DataTypePtr ConvertedType(const DataTypePtr& type, const DataTypePtr& number_as);

std::shared_ptr<arrow::Field> ConvertedField(const std::shared_ptr<arrow::Field>& field,
                                             const DataTypePtr& number_as) {
  if (!HoldsNumbers(*field->type())) return field;
  const bool may_be_null = IsNumber(*field->type()) && number_as->id() != arrow::Type::STRING;
  return arrow::field(field->name(), ConvertedType(field->type(), number_as),
                      field->nullable() || may_be_null);
}

DataTypePtr ConvertedType(const DataTypePtr& type, const DataTypePtr& number_as) {
  if (IsNumber(*type)) return number_as;
  switch (type->id()) {
    case arrow::Type::LIST:
      return arrow::list(ConvertedField(type->field(0), number_as));
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(ConvertedField(field, number_as));
      return arrow::struct_(std::move(fields));
    }
    default:
      return type;
  }
}

DataTypePtr NumberAs(NumberFormat format, bool text) {
  if (text || format == NumberFormat::kString) return arrow::utf8();
  if (format == NumberFormat::kDecimal) return arrow::decimal128(kDecimalPrecision, kDecimalScale);
  return arrow::float64();
}

bool ExactDecimal(std::string_view canonical, arrow::Decimal128& value) {
  int32_t precision = 0;
  int32_t scale = 0;
  if (!arrow::Decimal128::FromString(canonical, &value, &precision, &scale).ok()) return false;
  if (scale > kDecimalScale) return false;
  auto scaled = value.Rescale(scale, kDecimalScale);
  if (!scaled.ok()) return false;
  value = *scaled;
  return value.FitsInPrecision(kDecimalPrecision);
}

/// Converts one top-level column; remembers the rows whose value had to become null.
class ColumnConverter {
 public:
  /// The top-level row of an element of the array at hand.
  using RowOf = std::function<int64_t(int64_t)>;

  explicit ColumnConverter(bool stop_at_misfit) : stop_at_misfit_(stop_at_misfit) {}

  /// Null when a value does not fit and the converter stops at that.
  Result<std::shared_ptr<arrow::Array>> Convert(const std::shared_ptr<arrow::Array>& array,
                                                const DataTypePtr& type, const RowOf& row_of) {
    if (array->type()->Equals(*type)) return array;
    if (IsNumber(*array->type())) {
      const auto& texts = static_cast<const arrow::StringArray&>(
          *static_cast<const arrow::ExtensionArray&>(*array).storage());
      if (type->id() == arrow::Type::STRING) {
        return static_cast<const arrow::ExtensionArray&>(*array).storage();
      }
      if (type->id() == arrow::Type::DOUBLE) {
        return Fill<double>(arrow::DoubleBuilder(BlockPool()), texts, ExactDouble, row_of);
      }
      return Fill<arrow::Decimal128>(arrow::Decimal128Builder(type, BlockPool()), texts,
                                     ExactDecimal, row_of);
    }
    return ConvertNested(*array, type, row_of);
  }

  bool misfit() const { return misfit_; }
  std::vector<int64_t> TakeNulledRows() { return std::move(nulled_rows_); }

 private:
  template <typename Value, typename Builder>
  Result<std::shared_ptr<arrow::Array>> Fill(Builder builder, const arrow::StringArray& texts,
                                             bool (*exact)(std::string_view, Value&),
                                             const RowOf& row_of) {
    MR_ARROW_RETURN_IF_ERROR(builder.Reserve(texts.length()), kConvertingNumbers);
    for (int64_t i = 0; i < texts.length(); ++i) {
      Value value{};
      if (texts.IsNull(i)) {
        builder.UnsafeAppendNull();
      } else if (exact(texts.GetView(i), value)) {
        builder.UnsafeAppend(value);
      } else {
        misfit_ = true;
        if (stop_at_misfit_) return std::shared_ptr<arrow::Array>();
        nulled_rows_.push_back(row_of(i));
        builder.UnsafeAppendNull();
      }
    }
    MR_ARROW_ASSIGN_OR_RETURN(auto filled, builder.Finish(), kConvertingNumbers);
    return filled;
  }

  Result<std::shared_ptr<arrow::Array>> ConvertNested(const arrow::Array& array,
                                                      const DataTypePtr& type,
                                                      const RowOf& row_of) {
    auto data = array.data()->Copy();
    data->type = type;
    const int64_t offset = data->offset;
    RowOf child_row = [&](int64_t i) { return row_of(i - offset); };
    if (type->id() == arrow::Type::LIST) {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      child_row = [&](int64_t i) {
        // The list that holds element i: the last one that starts at or before it.
        const int32_t* offsets = list.raw_value_offsets();
        const auto* after = std::upper_bound(offsets, offsets + list.length() + 1, i);
        return row_of(std::clamp<int64_t>(after - offsets - 1, 0, list.length() - 1));
      };
    }
    for (int i = 0; i < type->num_fields(); ++i) {
      MR_ASSIGN_OR_RETURN(auto child, Convert(arrow::MakeArray(data->child_data[i]),
                                              type->field(i)->type(), child_row));
      if (child == nullptr) return std::shared_ptr<arrow::Array>();
      data->child_data[i] = child->data();
    }
    return arrow::MakeArray(std::move(data));
  }

  const bool stop_at_misfit_;
  bool misfit_ = false;
  std::vector<int64_t> nulled_rows_;
};

}  // namespace

bool HoldsNumbers(const arrow::DataType& type) {
  if (IsNumber(type)) return true;
  return (type.id() == arrow::Type::LIST || type.id() == arrow::Type::STRUCT) &&
         std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HoldsNumbers(*field->type()); });
}

SchemaPtr NumberSchemaOf(const SchemaPtr& schema, NumberFormat format, const TextNumbers& text) {
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    fields.push_back(ConvertedField(field, NumberAs(format, text.contains(field->name()))));
  }
  return arrow::schema(std::move(fields));
}

Result<ConvertedNumbers> ConvertNumbers(const std::shared_ptr<arrow::RecordBatch>& rows,
                                        const SchemaPtr& schema, NumberFormat format) {
  ConvertedNumbers converted;
  arrow::ArrayVector columns = rows->columns();
  for (int c = 0; c < rows->num_columns(); ++c) {
    if (!HoldsNumbers(*columns[c]->type())) continue;
    const std::string& name = schema->field(c)->name();
    ColumnConverter converter(format == NumberFormat::kAuto);
    auto column =
        converter.Convert(columns[c], schema->field(c)->type(), [](int64_t row) { return row; });
    if (!column.ok()) return column.status().WithContext("column " + name);
    if (*column == nullptr) {
      converted.unfit.push_back(name);
      continue;
    }
    columns[c] = *std::move(column);
    for (const int64_t row : converter.TakeNulledRows()) {
      converted.changes.push_back({row, name, "NULLED", "DESTINATION_SERIALIZATION_ERROR"});
    }
  }
  if (!converted.unfit.empty()) return converted;
  std::stable_sort(converted.changes.begin(), converted.changes.end(),
                   [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
  converted.rows = arrow::RecordBatch::Make(schema, rows->num_rows(), std::move(columns));
  return converted;
}

bool ExactDouble(std::string_view canonical, double& value) {
  const char* end = canonical.data() + canonical.size();
  const auto parsed = std::from_chars(canonical.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return false;
  // A double keeps any 15 digits: only longer numbers have to be looked at.
  constexpr size_t kSafeDigits = 15;
  if (canonical.size() <= kSafeDigits) return true;
  char text[400];
  const auto printed = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
  return printed.ec == std::errc() &&
         std::string_view(text, static_cast<size_t>(printed.ptr - text)) == canonical;
}

}  // namespace millrace
