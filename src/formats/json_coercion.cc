#include "formats/json_coercion.h"

#include <arrow/type.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/micros_per_day.h"
#include "connector/number_type.h"
#include "formats/base64.h"
#include "formats/iso_time.h"
#include "formats/number_text.h"

namespace millrace {
namespace {

using JsonKind = JsonScanner::Kind;

// Why a value is not what it was; see coercion.md.
constexpr const char* kWrongType = "DESTINATION_SERIALIZATION_ERROR";
constexpr const char* kDestinationLimit = "DESTINATION_FIELD_SIZE_LIMITATION";
constexpr const char* kNotText = "SOURCE_SERIALIZATION_ERROR";

/// Keys looked at before the index is asked.
constexpr size_t kKeysGuessed = 3;

JsonTarget TargetOf(const arrow::DataType& type) {
  if (IsNumber(type)) return JsonTarget::kNumber;
  if (IsJsonText(type)) return JsonTarget::kJson;
  switch (type.id()) {
    case arrow::Type::BOOL:
      return JsonTarget::kBool;
    case arrow::Type::INT64:
      return JsonTarget::kInt64;
    case arrow::Type::DOUBLE:
      return JsonTarget::kDouble;
    case arrow::Type::BINARY:
      return JsonTarget::kBinary;
    case arrow::Type::DATE32:
      return JsonTarget::kDate;
    case arrow::Type::TIME64:
      return JsonTarget::kTime;
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty()
                 ? JsonTarget::kLocalTimestamp
                 : JsonTarget::kZonedTimestamp;
    case arrow::Type::LIST:
      return JsonTarget::kList;
    case arrow::Type::STRUCT:
      return JsonTarget::kStruct;
    default:
      return JsonTarget::kText;
  }
}

}  // namespace

JsonCoercion::Keys::Keys(const std::vector<Column>& columns) : followers_(columns.size() + 1) {
  std::iota(followers_.begin(), followers_.end(), 0);
  for (const Column& column : columns) {
    index_.emplace(column.name, static_cast<int>(names_.size()));
    names_.push_back(column.name);
  }
}

int JsonCoercion::Keys::Search(std::string_view name, int* last) {
  const auto after = static_cast<size_t>(*last + 1);
  size_t found = after;
  const size_t guessed = std::min(after + kKeysGuessed, names_.size());
  while (found < guessed && names_[found] != name) ++found;
  if (found >= guessed) {
    const auto known = index_.find(name);
    if (known == index_.end()) return -1;
    found = static_cast<size_t>(known->second);
  }
  followers_[after] = found;
  return *last = static_cast<int>(found);
}

JsonCoercion::Column JsonCoercion::Describe(const std::string& name, ColumnBuilder& builder) {
  Column column{name, TargetOf(*builder.type()), &builder, {}};
  for (size_t at = 0; at < builder.field_count(); ++at) {
    const bool list = column.target == JsonTarget::kList;
    column.children.push_back(Describe(
        list ? name : builder.type()->field(static_cast<int>(at))->name(), builder.field(at)));
  }
  return column;
}

void JsonCoercion::Null(const Column& column, int64_t row, const char* reason) {
  column.builder->AppendNull();
  changes_.push_back({row, column.name, "NULLED", reason});
}

bool JsonCoercion::Append(JsonScanner& scanner, const Column& column, int64_t row) {
  const JsonKind kind = scanner.Peek();
  if (kind == JsonKind::kInvalid) return false;
  if (kind == JsonKind::kNull) {
    if (!scanner.ReadLiteral()) return false;
    column.builder->AppendNull();
    return true;
  }
  if (column.target == JsonTarget::kJson) {
    std::string_view whole;
    if (!scanner.SkipValue(&whole)) return false;
    column.builder->AppendText(whole);
    return true;
  }
  switch (kind) {
    case JsonKind::kString:
      return AppendString(scanner, column, row);
    case JsonKind::kInteger:
    case JsonKind::kNumber:
      return ReadNumber(scanner, column, row);
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      if (!scanner.ReadLiteral()) return false;
      AppendBool(column, kind == JsonKind::kTrue, row);
      return true;
    default:
      break;
  }
  if (kind == JsonKind::kArray && column.target == JsonTarget::kList) {
    return AppendList(scanner, column, row);
  }
  if (kind == JsonKind::kObject && column.target == JsonTarget::kStruct) {
    return AppendStruct(scanner, column, row);
  }
  std::string_view whole;
  if (!scanner.SkipValue(&whole)) return false;
  if (column.target == JsonTarget::kText) {
    column.builder->AppendText(whole);
  } else {
    Null(column, row, kWrongType);
  }
  return true;
}

void JsonCoercion::AppendBool(const Column& column, bool value, int64_t row) {
  if (column.target == JsonTarget::kBool) {
    column.builder->AppendBool(value);
  } else if (column.target == JsonTarget::kText) {
    column.builder->AppendText(value ? "true" : "false");
  } else {
    Null(column, row, kWrongType);
  }
}

void JsonCoercion::AppendMisfit(const Column& column, int64_t row) {
  Null(column, row, kWrongType);
}

void JsonCoercion::AppendBrokenText(const Column& column, int64_t row) {
  Null(column, row, kNotText);
}

bool JsonCoercion::ReadNumber(JsonScanner& scanner, const Column& column, int64_t row) {
  std::string_view digits;
  bool integer = false;
  if (!scanner.ReadNumber(&digits, &integer)) return false;
  AppendNumber(column, digits, row);
  return true;
}

void JsonCoercion::AppendDigits(const Column& column, std::string_view digits, int64_t row) {
  ColumnBuilder& builder = *column.builder;
  switch (column.target) {
    case JsonTarget::kInt64: {
      std::optional<int64_t> value = ParseInt64(digits);
      if (value) return builder.AppendInt64(*value);
      // 12.0 and 1e3 are integers too.
      const std::optional<std::string> canonical = CanonicalNumber(digits);
      if (!canonical || canonical->find('.') != std::string::npos) {
        return Null(column, row, kWrongType);
      }
      value = ParseInt64(*canonical);
      if (!value) return Null(column, row, kDestinationLimit);
      return builder.AppendInt64(*value);
    }
    case JsonTarget::kDouble: {
      double value = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error == std::errc::result_out_of_range) return Null(column, row, kDestinationLimit);
      if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
        return Null(column, row, kWrongType);
      }
      return builder.AppendDouble(value);
    }
    case JsonTarget::kNumber: {
      const int64_t size =
          WriteCanonicalNumber(digits, builder.TextRoom(CanonicalNumberRoom(digits.size())));
      if (size >= 0) return builder.CommitText(size);
      return Null(column, row, IsDecimalNumber(digits) ? kDestinationLimit : kWrongType);
    }
    default:
      return Null(column, row, kWrongType);
  }
}

bool JsonCoercion::AppendString(JsonScanner& scanner, const Column& column, int64_t row) {
  JsonScanner::Text text;
  if (!scanner.ReadString(&text)) return false;
  if (!text.escaped) {
    AppendText(column, text.raw, row);
  } else if (Unescape(text.raw, &scratch_)) {
    AppendText(column, scratch_, row);
  } else {
    AppendBrokenText(column, row);
  }
  return true;
}

void JsonCoercion::AppendText(const Column& column, std::string_view value, int64_t row) {
  ColumnBuilder& builder = *column.builder;
  switch (column.target) {
    case JsonTarget::kText:
      return builder.AppendText(value);
    case JsonTarget::kBool:
      if (value == "true" || value == "false") return builder.AppendBool(value == "true");
      return Null(column, row, kWrongType);
    case JsonTarget::kInt64:
    case JsonTarget::kDouble:
    case JsonTarget::kNumber:
      return AppendDigits(column, value, row);
    case JsonTarget::kBinary: {
      std::string bytes;
      if (DecodeBase64(value, &bytes)) return builder.AppendText(bytes);
      return Null(column, row, kWrongType);
    }
    case JsonTarget::kDate: {
      const std::optional<int32_t> date = ParseIsoDate(value);
      return date ? builder.AppendInt32(*date) : Null(column, row, kWrongType);
    }
    case JsonTarget::kTime: {
      const std::optional<int64_t> time = ParseIsoTime(value);
      return time ? builder.AppendInt64(*time) : Null(column, row, kWrongType);
    }
    case JsonTarget::kLocalTimestamp:
    case JsonTarget::kZonedTimestamp:
      return AppendTimestamp(column, value, row);
    default:
      return Null(column, row, kWrongType);
  }
}

void JsonCoercion::AppendTimestamp(const Column& column, std::string_view value, int64_t row) {
  if (const std::optional<int32_t> date = ParseIsoDate(value)) {
    return column.builder->AppendInt64(int64_t{*date} * kMicrosPerDay);
  }
  const std::optional<IsoTimestamp> time = ParseIsoTimestamp(value);
  if (!time) return Null(column, row, kWrongType);
  // Without a zone of its own the column keeps what a clock on the wall showed.
  const bool local = column.target == JsonTarget::kLocalTimestamp;
  column.builder->AppendInt64(time->micros + (local ? time->offset_micros : 0));
  if (!time->exact) changes_.push_back({row, column.name, "TRUNCATED", kDestinationLimit});
}

bool JsonCoercion::AppendList(JsonScanner& scanner, const Column& column, int64_t row) {
  const Column& items = column.children[0];
  const int64_t before = items.builder->length();
  scanner.Enter();
  for (;;) {
    bool done = false;
    if (!scanner.NextElement(&done) || (!done && !Append(scanner, items, row))) {
      while (items.builder->length() > before) items.builder->RemoveLast();
      return false;
    }
    if (done) break;
  }
  column.builder->CommitList();
  return true;
}

bool JsonCoercion::AppendStruct(JsonScanner& scanner, const Column& column, int64_t row) {
  const int64_t length = column.builder->length();
  const std::vector<Column>& fields = column.children;
  std::string unescaped;
  size_t next = 0;  // where the search begins: objects repeat their keys in one order
  scanner.Enter();
  for (;;) {
    JsonScanner::Text name;
    bool done = false;
    bool ok = scanner.NextMember(&name, &done);
    if (ok && done) break;
    const Column* child = nullptr;
    if (ok) {
      std::string_view key = name.raw;
      if (name.escaped) {
        Unescape(name.raw, &unescaped);
        key = unescaped;
      }
      for (size_t tried = 0; tried < fields.size() && child == nullptr; ++tried) {
        const Column& field = fields[next];
        next = next + 1 == fields.size() ? 0 : next + 1;
        if (field.name == key) child = &field;
      }
      if (child != nullptr) {
        if (child->builder->length() > length) child->builder->RemoveLast();
        ok = Append(scanner, *child, row);
      } else {
        std::string_view whole;
        ok = scanner.SkipValue(&whole);
        ++undeclared_values_;
      }
    }
    if (ok) continue;
    for (const Column& each : fields) {
      if (each.builder->length() > length) each.builder->RemoveLast();
    }
    return false;
  }
  column.builder->CommitStruct();
  return true;
}

}  // namespace millrace
