#include "sources/postgres/cursor_query.h"

#include <arrow/type.h>

#include "clients/postgres/sql_text.h"
#include "sources/postgres/wire_numeric.h"

namespace millrace {
namespace {

/// The first value that is not finite, as SQL; empty when the type has none. Values from there on
/// (NaN is the greatest) have no successor: a cursor there would end the stream for good.
std::string InfinityOf(const ColumnType& type, int server_version) {
  constexpr int kFirstVersionWithInfiniteNumerics = 140000;
  switch (type.kind) {
    case WireKind::kFloat4:
    case WireKind::kFloat8:
      return "'infinity'::float8";
    case WireKind::kDate:
    case WireKind::kTimestamp:
      return "'infinity'::" + type.cursor_type;
    case WireKind::kNumericInt64:
    case WireKind::kDecimal64:
    case WireKind::kDecimal128:
    case WireKind::kDecimal256:
    case WireKind::kNumericText:
      return server_version >= kFirstVersionWithInfiniteNumerics ? "'infinity'::numeric"
                                                                 : "'NaN'::numeric";
    default:
      return "";
  }
}

std::string Candidates(const PostgresTable& table) {
  std::string names;
  for (const TableColumn& column : table.columns) {
    if (column.type.cursor_type.empty()) continue;
    names += (names.empty() ? "" : ", ") + column.name;
  }
  return names.empty() ? "none of its columns can be one" : "columns that can be one: " + names;
}

template <typename Value, typename Decode, typename Format>
ValueOutcome Formatted(const WireField& field, Decode decode, Format format, std::string* text) {
  Value value{};
  const ValueOutcome outcome = decode(field.data, field.size, &value);
  if (outcome == ValueOutcome::kOk) *text = format(value);
  return outcome;
}

ValueOutcome IntegerText(const WireField& field, WireKind kind, std::string* text) {
  const int size = kind == WireKind::kInt2 ? 2 : kind == WireKind::kInt8 ? 8 : 4;
  if (field.size != size) return ValueOutcome::kMalformed;
  const int64_t value = kind == WireKind::kInt2   ? WireInt16(field.data)
                        : kind == WireKind::kInt8 ? WireInt64(field.data)
                        : kind == WireKind::kOid  ? int64_t{WireUInt32(field.data)}
                                                  : WireInt32(field.data);
  *text = std::to_string(value);
  return ValueOutcome::kOk;
}

ValueOutcome ToText(const ColumnType& type, const WireField& field, std::string* text) {
  const char* const p = field.data;
  switch (type.kind) {
    case WireKind::kInt2:
    case WireKind::kInt4:
    case WireKind::kInt8:
    case WireKind::kOid:
      return IntegerText(field, type.kind, text);
    case WireKind::kFloat4:
      return Formatted<double>(
          field, DecodeFloat4, [](double v) { return fmt::format("{}", static_cast<float>(v)); },
          text);
    case WireKind::kFloat8:
      return Formatted<double>(
          field, DecodeFloat8, [](double v) { return fmt::format("{}", v); }, text);
    case WireKind::kNumericInt64:
    case WireKind::kDecimal64:
    case WireKind::kDecimal128:
    case WireKind::kDecimal256:
    case WireKind::kNumericText:
      return NumericToText(p, field.size, text);
    case WireKind::kDate:
      return Formatted<int32_t>(field, DecodeDate, DateText, text);
    case WireKind::kTime:
      if (field.size != 8) return ValueOutcome::kMalformed;
      *text = TimeText(WireInt64(p));
      return ValueOutcome::kOk;
    case WireKind::kTimestamp: {
      const bool zoned = !static_cast<const arrow::TimestampType&>(*type.arrow).timezone().empty();
      return Formatted<int64_t>(
          field, DecodeTimestamp, [&](int64_t v) { return TimestampText(v, zoned ? "Z" : ""); },
          text);
    }
    case WireKind::kUuid:
      return UuidToText(p, field.size, text);
    case WireKind::kText:
      text->assign(p, static_cast<size_t>(field.size));
      return ValueOutcome::kOk;
    default:
      return ValueOutcome::kMalformed;
  }
}

}  // namespace

Result<TableColumn> FindCursorColumn(const ConfiguredStream& stream, const PostgresTable& table) {
  const std::string of_stream = stream.descriptor().ToString();
  if (stream.cursor_field.empty()) {
    return ConfigError("{} is incremental but has no cursor_field ({})", of_stream,
                       Candidates(table));
  }
  if (stream.cursor_field.size() > 1) {
    return ConfigError("{}: the cursor_field must be one column, not a path ({})", of_stream,
                       Candidates(table));
  }
  const std::string& name = stream.cursor_field.front();
  const TableColumn* const column = table.FindColumn(name);
  if (column == nullptr) {
    return ConfigError("{} has no column \"{}\" for a cursor ({})", of_stream, name,
                       Candidates(table));
  }
  if (column->type.cursor_type.empty()) {
    return ConfigError("{}: column \"{}\" is of a type that can't be a cursor ({})", of_stream,
                       name, Candidates(table));
  }
  return *column;
}

Result<std::string> CursorText(const ColumnType& type, const WireField& field) {
  std::string text;
  if (field.size < 0 || ToText(type, field, &text) != ValueOutcome::kOk) {
    return SystemError("the cursor column holds a value that can't be a cursor");
  }
  return text;
}

std::string CursorConstant(const TableColumn& column, const std::string& text) {
  return QuoteLiteral(text) + "::" + column.type.cursor_type;
}

Result<std::string> CanonicalCursor(PgConnection& connection, const TableColumn& column,
                                    const std::string& text, std::stop_token stop) {
  if (text.find('\0') != std::string::npos) {
    return ConfigError("the saved cursor of {} holds a zero byte", column.name);
  }
  auto rows = connection.Query("SELECT " + CursorConstant(column, text), {}, stop,
                               PgConnection::Format::kBinary);
  if (!rows.ok()) return rows.status().WithContext("reading the saved cursor of " + column.name);
  const std::string_view value = rows->Value(0, 0);
  return CursorText(column.type, {value.data(), static_cast<int32_t>(value.size())});
}

Result<CursorBounds> ReadCursorBounds(PgConnection& connection, const PostgresTable& table,
                                      const TableColumn& column, std::stop_token stop) {
  const std::string name = QuoteIdentifier(column.name);
  const std::string from = QualifiedName(table.schema, table.name);
  const std::string infinity = InfinityOf(column.type, connection.server_version());
  // As an index serves it, if there is one; and uuid has no max().
  MR_ASSIGN_OR_RETURN(
      const PgRows max,
      connection.Query(
          fmt::format("SELECT {0} FROM {1} WHERE {0} IS NOT NULL{2} "
                      "ORDER BY {0} DESC LIMIT 1",
                      name, from, infinity.empty() ? "" : " AND " + name + " < " + infinity),
          {}, stop, PgConnection::Format::kBinary));
  CursorBounds bounds;
  if (max.num_rows() > 0) {
    const std::string_view value = max.Value(0, 0);
    MR_ASSIGN_OR_RETURN(
        bounds.max, CursorText(column.type, {value.data(), static_cast<int32_t>(value.size())}));
  }
  std::string left_out = column.not_null ? "" : name + " IS NULL";
  if (!infinity.empty()) {
    left_out += (left_out.empty() ? "" : " OR ") + name + " >= " + infinity;
  }
  if (left_out.empty()) return bounds;
  MR_ASSIGN_OR_RETURN(
      const PgRows count,
      connection.Query(fmt::format("SELECT count(*) FROM {} WHERE {}", from, left_out), {}, stop));
  bounds.rows_without_cursor = count.Int(0, 0);
  return bounds;
}

Result<int64_t> CountAtCursor(PgConnection& connection, const PostgresTable& table,
                              const TableColumn& column, const std::string& text,
                              std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(
      const PgRows rows,
      connection.Query(fmt::format("SELECT count(*) FROM {} WHERE {} = {}",
                                   QualifiedName(table.schema, table.name),
                                   QuoteIdentifier(column.name), CursorConstant(column, text)),
                       {}, stop));
  return rows.Int(0, 0);
}

}  // namespace millrace
