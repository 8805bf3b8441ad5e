#include "destinations/postgres/value_limits.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "clients/postgres/pg_epoch.h"
#include "connector/arrow_status.h"
#include "connector/meta_column.h"
#include "connector/number_type.h"
#include "destinations/postgres/wire_digits.h"
#include "formats/json_encoder.h"
#include "formats/meta_changes.h"

namespace millrace {
namespace {

constexpr const char* kFittingValues = "fitting values";
constexpr const char* kUnfit = "DESTINATION_SERIALIZATION_ERROR";
constexpr const char* kTooLarge = "DESTINATION_FIELD_SIZE_LIMITATION";

/// A row of the server has at most a gigabyte, its overhead included.
constexpr int64_t kValueBytesMax = (int64_t{1} << 30) - (1 << 20);
constexpr size_t kJsonbBytesMax = (size_t{1} << 28) - 1;

// The server's calendar, in days and microseconds since 1970: from 4714-11-24 BC on.
constexpr int64_t kFirstDay = -2'451'545 + kPgEpochDays;
constexpr int64_t kDateEnd = 2'145'031'949 + kPgEpochDays;
constexpr int64_t kFirstMicros = -211'813'488'000'000'000 + kPgEpochMicros;
constexpr int64_t kMicrosEnd = 9'223'371'331'200'000'000;  // the addition would overflow: nearly it

enum class Fit { kYes, kNo, kTooLarge, kCut };

/// Looks at each value that is not null; `fit` says what about it.
template <typename Judge>
Result<std::shared_ptr<arrow::Array>> NullUnfit(const std::shared_ptr<arrow::Array>& column,
                                                const std::string& name, const Judge& judge,
                                                std::vector<FieldChange>& changes) {
  arrow::BooleanBuilder unfit;
  bool any = false;
  for (int64_t row = 0; row < column->length(); ++row) {
    const Fit fit = column->IsValid(row) ? judge(row) : Fit::kYes;
    const bool gone = fit == Fit::kNo || fit == Fit::kTooLarge;
    any = any || gone;
    MR_ARROW_RETURN_IF_ERROR(unfit.Append(gone), kFittingValues);
    if (gone) {
      changes.push_back({row, name, "NULLED", fit == Fit::kNo ? kUnfit : kTooLarge});
    } else if (fit == Fit::kCut) {
      changes.push_back({row, name, "TRUNCATED", kTooLarge});
    }
  }
  if (!any) return column;
  std::shared_ptr<arrow::BooleanArray> where;
  MR_ARROW_RETURN_IF_ERROR(unfit.Finish(&where), kFittingValues);
  return NullWhere(*column, *where);
}

Fit FitOfText(std::string_view text) {
  if (text.size() > static_cast<size_t>(kValueBytesMax)) return Fit::kTooLarge;
  if (std::memchr(text.data(), 0, text.size()) != nullptr) return Fit::kNo;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  return arrow::util::ValidateUTF8(bytes, static_cast<int64_t>(text.size())) ? Fit::kYes : Fit::kNo;
}

/// Whether all of a column's text is good, by one look at its bytes.
template <typename ArrayType>
bool AllTextFits(const ArrayType& column) {
  if (column.length() == 0) return true;
  const int64_t begin = column.value_offset(0);
  const int64_t size = column.value_offset(column.length()) - begin;
  const auto* bytes = column.raw_data() + begin;
  if (size == 0) return true;
  if (size > kValueBytesMax || std::memchr(bytes, 0, static_cast<size_t>(size)) != nullptr ||
      !arrow::util::ValidateUTF8(bytes, size)) {
    return false;
  }
  // No value may begin in the middle of a character.
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.value_length(row) > 0 &&
        (column.raw_data()[column.value_offset(row)] & 0xC0) == 0x80) {
      return false;
    }
  }
  return true;
}

template <typename ArrayType>
Result<std::shared_ptr<arrow::Array>> FitText(const std::shared_ptr<arrow::Array>& column,
                                              const std::string& name,
                                              std::vector<FieldChange>& changes) {
  const auto& text = static_cast<const ArrayType&>(*column);
  if (AllTextFits(text)) return column;
  return NullUnfit(
      column, name, [&](int64_t row) { return FitOfText(text.GetView(row)); }, changes);
}

template <typename ArrayType>
Result<std::shared_ptr<arrow::Array>> FitBytes(const std::shared_ptr<arrow::Array>& column,
                                               const std::string& name,
                                               std::vector<FieldChange>& changes) {
  const auto& bytes = static_cast<const ArrayType&>(*column);
  if (bytes.total_values_length() < kValueBytesMax) return column;
  return NullUnfit(
      column, name,
      [&](int64_t row) {
        return bytes.value_length(row) > kValueBytesMax ? Fit::kTooLarge : Fit::kYes;
      },
      changes);
}

/// JSON text of a column: what it holds, or what its nested values say.
Result<std::shared_ptr<arrow::Array>> JsonOf(const arrow::Array& column) {
  if (IsJsonText(*column.type())) {
    return static_cast<const arrow::ExtensionArray&>(column).storage();
  }
  arrow::LargeStringBuilder builder;
  std::string json;
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) {
      MR_ARROW_RETURN_IF_ERROR(builder.AppendNull(), kFittingValues);
      continue;
    }
    json.clear();
    AppendJsonValue(column, row, json);
    MR_ARROW_RETURN_IF_ERROR(builder.Append(json), kFittingValues);
  }
  MR_ARROW_ASSIGN_OR_RETURN(auto array, builder.Finish(), kFittingValues);
  return array;
}

template <typename ArrayType>
Result<std::shared_ptr<arrow::Array>> FitJson(const std::shared_ptr<arrow::Array>& column,
                                              const std::string& name,
                                              std::vector<FieldChange>& changes) {
  const auto& json = static_cast<const ArrayType&>(*column);
  return NullUnfit(
      column, name,
      [&](int64_t row) {
        const std::string_view text = json.GetView(row);
        if (text.size() > kJsonbBytesMax) return Fit::kTooLarge;
        const Fit fit = FitOfText(text);
        return fit == Fit::kYes && !FitsJsonb(text) ? Fit::kNo : fit;
      },
      changes);
}

Result<std::shared_ptr<arrow::Array>> FitDates(const std::shared_ptr<arrow::Array>& column,
                                               const std::string& name,
                                               std::vector<FieldChange>& changes) {
  const bool in_days = column->type_id() == arrow::Type::DATE32;
  return NullUnfit(
      column, name,
      [&](int64_t row) {
        const int64_t day =
            in_days ? static_cast<const arrow::Date32Array&>(*column).Value(row)
                    : static_cast<const arrow::Date64Array&>(*column).Value(row) / 86'400'000;
        return day >= kFirstDay && day < kDateEnd ? Fit::kYes : Fit::kNo;
      },
      changes);
}

Result<std::shared_ptr<arrow::Array>> FitTimestamps(const std::shared_ptr<arrow::Array>& column,
                                                    const std::string& name,
                                                    std::vector<FieldChange>& changes) {
  const auto& values = static_cast<const arrow::TimestampArray&>(*column);
  const auto unit = static_cast<const arrow::TimestampType&>(*column->type()).unit();
  const int64_t to_micros = unit == arrow::TimeUnit::SECOND  ? 1'000'000
                            : unit == arrow::TimeUnit::MILLI ? 1'000
                                                             : 1;
  const bool nanos = unit == arrow::TimeUnit::NANO;
  return NullUnfit(
      column, name,
      [&](int64_t row) {
        const int64_t value = values.Value(row);
        if (nanos) return value % 1000 == 0 ? Fit::kYes : Fit::kCut;
        return value >= kFirstMicros / to_micros && value < kMicrosEnd / to_micros ? Fit::kYes
                                                                                   : Fit::kNo;
      },
      changes);
}

Result<std::shared_ptr<arrow::Array>> FitNanoTimes(const std::shared_ptr<arrow::Array>& column,
                                                   const std::string& name,
                                                   std::vector<FieldChange>& changes) {
  if (static_cast<const arrow::TimeType&>(*column->type()).unit() != arrow::TimeUnit::NANO) {
    return column;
  }
  const auto& times = static_cast<const arrow::Time64Array&>(*column);
  return NullUnfit(
      column, name,
      [&](int64_t row) { return times.Value(row) % 1000 == 0 ? Fit::kYes : Fit::kCut; }, changes);
}

Result<std::shared_ptr<arrow::Array>> FitNumbers(const std::shared_ptr<arrow::Array>& column,
                                                 const std::string& name,
                                                 std::vector<FieldChange>& changes) {
  const auto storage = static_cast<const arrow::ExtensionArray&>(*column).storage();
  const auto& numbers = static_cast<const arrow::StringArray&>(*storage);
  return NullUnfit(
      storage, name,
      [&](int64_t row) { return FitsNumeric(numbers.GetView(row)) ? Fit::kYes : Fit::kTooLarge; },
      changes);
}

Result<std::shared_ptr<arrow::Array>> FitColumn(const std::shared_ptr<arrow::Array>& column,
                                                const std::string& name,
                                                std::vector<FieldChange>& changes) {
  if (IsNumber(*column->type())) return FitNumbers(column, name, changes);
  switch (column->type_id()) {
    case arrow::Type::STRING:
      return FitText<arrow::StringArray>(column, name, changes);
    case arrow::Type::LARGE_STRING:
      return FitText<arrow::LargeStringArray>(column, name, changes);
    case arrow::Type::BINARY:
      return FitBytes<arrow::BinaryArray>(column, name, changes);
    case arrow::Type::LARGE_BINARY:
      return FitBytes<arrow::LargeBinaryArray>(column, name, changes);
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return FitDates(column, name, changes);
    case arrow::Type::TIMESTAMP:
      return FitTimestamps(column, name, changes);
    case arrow::Type::TIME64:
      return FitNanoTimes(column, name, changes);
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::STRUCT:
    case arrow::Type::MAP:
    case arrow::Type::EXTENSION: {
      MR_ASSIGN_OR_RETURN(auto json, JsonOf(*column));
      return json->type_id() == arrow::Type::STRING
                 ? FitJson<arrow::StringArray>(json, name, changes)
                 : FitJson<arrow::LargeStringArray>(json, name, changes);
    }
    default:
      return column;
  }
}

int HexDigits(std::string_view json, size_t at) {
  int value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    if (i >= json.size()) return -1;
    const char c = json[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// The escape \uXXXX at `at` (its backslash): false when jsonb refuses it. Moves `at` past it, and
/// past the second half of a pair.
bool PassUnicodeEscape(std::string_view json, size_t& at) {
  const int unit = HexDigits(json, at + 2);
  at += 6;
  if (unit <= 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) return false;
  if (unit < 0xD800 || unit > 0xDBFF) return true;
  if (at + 6 > json.size() || json[at] != '\\' || json[at + 1] != 'u') return false;
  const int second = HexDigits(json, at + 2);
  at += 6;
  return second >= 0xDC00 && second <= 0xDFFF;
}

}  // namespace

bool FitsJsonb(std::string_view json) {
  // Numbers: at most four digits of exponent are within numeric's limits for certain.
  constexpr size_t kExponentDigits = 4;
  bool in_string = false;
  for (size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (in_string) {
      if (c == '\\' && at + 1 < json.size()) {
        if (json[at + 1] != 'u') {
          at += 2;
        } else if (!PassUnicodeEscape(json, at)) {
          return false;
        }
        continue;
      }
      in_string = c != '"';
      ++at;
      continue;
    }
    ++at;
    if (c == '"') {
      in_string = true;
    } else if ((c == 'e' || c == 'E') && json[at - 2 < json.size() ? at - 2 : 0] >= '0' &&
               json[at - 2 < json.size() ? at - 2 : 0] <= '9') {
      size_t digits = 0;
      if (at < json.size() && (json[at] == '+' || json[at] == '-')) ++at;
      while (at < json.size() && json[at] >= '0' && json[at] <= '9') ++at, ++digits;
      if (digits > kExponentDigits) return false;
    }
  }
  return true;
}

Result<std::shared_ptr<arrow::RecordBatch>> FitValues(
    const std::shared_ptr<arrow::RecordBatch>& rows, std::vector<FieldChange>& changes) {
  arrow::ArrayVector columns = rows->columns();
  arrow::FieldVector fields = rows->schema()->fields();
  const size_t known = changes.size();
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = fields[i]->name();
    if (name == kMetaColumn && columns[i]->type()->Equals(*meta_type())) continue;
    MR_ASSIGN_OR_RETURN(columns[i], FitColumn(columns[i], name, changes));
    fields[i] = arrow::field(name, columns[i]->type());
  }
  if (changes.size() > known) {
    std::stable_sort(changes.begin(), changes.end(),
                     [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows->num_rows(),
                                  std::move(columns));
}

}  // namespace millrace
