#include "destinations/postgres/table_scan.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "clients/postgres/pg_epoch.h"
#include "connector/arrow_status.h"
#include "connector/number_type.h"
#include "destinations/postgres/destination_connections.h"
#include "destinations/postgres/existing_table.h"

namespace millrace {
namespace {

using Kind = TableColumnType::Kind;

constexpr const char* kReadingTable = "reading a table";
constexpr int64_t kFirstFetch = 500;
constexpr int64_t kFetchMost = 20'000;
constexpr int64_t kFetchBytes = 8 << 20;

template <typename T>
T BigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  // Sign-extended from the field's own width.
  const auto shift = static_cast<int>(64 - 8 * bytes.size());
  return static_cast<T>(static_cast<int64_t>(value << shift) >> shift);
}

bool ReadAsText(const TableColumnType& type) {
  return type.kind == Kind::kNumeric || type.kind == Kind::kJsonb || type.kind == Kind::kOther;
}

std::shared_ptr<arrow::DataType> ArrowTypeOf(const TableColumnType& type) {
  switch (type.kind) {
    case Kind::kBoolean:
      return arrow::boolean();
    case Kind::kSmallint:
    case Kind::kInteger:
    case Kind::kBigint:
      return arrow::int64();
    case Kind::kReal:
    case Kind::kDouble:
      return arrow::float64();
    case Kind::kNumeric:
      return type.precision > 0 && type.precision <= 38 && type.scale >= 0
                 ? arrow::decimal128(type.precision, type.scale)
                 : number();
    case Kind::kDate:
      return arrow::date32();
    case Kind::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case Kind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case Kind::kTimestamptz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case Kind::kBytea:
      return arrow::large_binary();
    case Kind::kJsonb:
      return json_text();
    default:
      return arrow::large_utf8();
  }
}

/// numeric's text without zeros that say nothing; empty for what is no number.
std::string CanonicalNumber(std::string_view text) {
  if (text.find_first_not_of("-.0123456789") != std::string_view::npos) return "";
  std::string number(text);
  if (number.find('.') != std::string::npos) {
    while (number.back() == '0') number.pop_back();
    if (number.back() == '.') number.pop_back();
  }
  return number == "-0" ? "0" : number;
}

template <typename Builder, typename Convert>
Result<std::shared_ptr<arrow::Array>> Build(Builder&& builder, const PgRows& rows, int column,
                                            const Convert& append) {
  for (int row = 0; row < rows.num_rows(); ++row) {
    const arrow::Status status =
        rows.IsNull(row, column) ? builder.AppendNull() : append(builder, rows.Value(row, column));
    MR_ARROW_RETURN_IF_ERROR(status, kReadingTable);
  }
  std::shared_ptr<arrow::Array> array;
  MR_ARROW_RETURN_IF_ERROR(builder.Finish(&array), kReadingTable);
  return array;
}

/// Days or microseconds since 2000, as since 1970; the infinities are null.
template <typename Integer, typename Builder>
arrow::Status AppendSince1970(Builder& builder, std::string_view bytes, int64_t epoch) {
  const auto value = BigEndian<Integer>(bytes);
  if (value == std::numeric_limits<Integer>::max() ||
      value == std::numeric_limits<Integer>::min()) {
    return builder.AppendNull();
  }
  return builder.Append(static_cast<Integer>(value + epoch));
}

Result<std::shared_ptr<arrow::Array>> BuildNumbers(const std::shared_ptr<arrow::DataType>& type,
                                                   const PgRows& rows, int column) {
  if (IsNumber(*type)) {
    MR_ASSIGN_OR_RETURN(auto text, Build(arrow::StringBuilder(), rows, column,
                                         [](arrow::StringBuilder& builder, std::string_view value) {
                                           const std::string number = CanonicalNumber(value);
                                           return number.empty() ? builder.AppendNull()
                                                                 : builder.Append(number);
                                         }));
    return arrow::ExtensionType::WrapArray(type, text);
  }
  const auto scale = static_cast<const arrow::DecimalType&>(*type).scale();
  return Build(arrow::Decimal128Builder(type), rows, column,
               [scale](arrow::Decimal128Builder& builder, std::string_view value) {
                 arrow::Decimal128 decimal;
                 int32_t precision = 0;
                 int32_t found = 0;
                 auto status = arrow::Decimal128::FromString(value, &decimal, &precision, &found);
                 if (!status.ok()) return builder.AppendNull();  // NaN
                 auto scaled = decimal.Rescale(found, scale);
                 return scaled.ok() ? builder.Append(*scaled) : scaled.status();
               });
}

Result<std::shared_ptr<arrow::Array>> BuildColumn(const TableColumnType& column_type,
                                                  const std::shared_ptr<arrow::DataType>& type,
                                                  const PgRows& rows, int column) {
  switch (column_type.kind) {
    case Kind::kBoolean:
      return Build(arrow::BooleanBuilder(), rows, column,
                   [](auto& builder, std::string_view value) {
                     return builder.Append(!value.empty() && value[0] != 0);
                   });
    case Kind::kSmallint:
    case Kind::kInteger:
    case Kind::kBigint:
      return Build(arrow::Int64Builder(), rows, column, [](auto& builder, std::string_view value) {
        return builder.Append(BigEndian<int64_t>(value));
      });
    case Kind::kReal:
      return Build(arrow::DoubleBuilder(), rows, column, [](auto& builder, std::string_view value) {
        return builder.Append(static_cast<double>(std::bit_cast<float>(BigEndian<int32_t>(value))));
      });
    case Kind::kDouble:
      return Build(arrow::DoubleBuilder(), rows, column, [](auto& builder, std::string_view value) {
        return builder.Append(std::bit_cast<double>(BigEndian<int64_t>(value)));
      });
    case Kind::kNumeric:
      return BuildNumbers(type, rows, column);
    case Kind::kDate:
      return Build(arrow::Date32Builder(), rows, column, [](auto& builder, std::string_view value) {
        return AppendSince1970<int32_t>(builder, value, kPgEpochDays);
      });
    case Kind::kTime:
      return Build(arrow::Time64Builder(type, arrow::default_memory_pool()), rows, column,
                   [](auto& builder, std::string_view value) {
                     return builder.Append(BigEndian<int64_t>(value));
                   });
    case Kind::kTimestamp:
    case Kind::kTimestamptz:
      return Build(arrow::TimestampBuilder(type, arrow::default_memory_pool()), rows, column,
                   [](auto& builder, std::string_view value) {
                     return AppendSince1970<int64_t>(builder, value, kPgEpochMicros);
                   });
    case Kind::kBytea:
      return Build(arrow::LargeBinaryBuilder(), rows, column,
                   [](auto& builder, std::string_view value) { return builder.Append(value); });
    case Kind::kJsonb: {
      MR_ASSIGN_OR_RETURN(auto text, Build(arrow::StringBuilder(), rows, column,
                                           [](auto& builder, std::string_view value) {
                                             return builder.Append(value);
                                           }));
      return arrow::ExtensionType::WrapArray(type, text);
    }
    default:
      return Build(arrow::LargeStringBuilder(), rows, column,
                   [](auto& builder, std::string_view value) { return builder.Append(value); });
  }
}

class PostgresTableScan : public TableScan {
 public:
  PostgresTableScan(std::unique_ptr<PgConnection> connection,
                    std::vector<ExistingTable::Column> columns)
      : connection_(std::move(connection)), columns_(std::move(columns)) {
    arrow::FieldVector fields;
    for (const auto& column : columns_) {
      fields.push_back(arrow::field(column.name, ArrowTypeOf(column.type)));
    }
    schema_ = arrow::schema(std::move(fields));
  }

  /// Requires a new connection. One snapshot serves all of the scan.
  Status Open(const TableName& table) {
    std::string list;
    for (const auto& column : columns_) {
      list += (list.empty() ? "" : ", ") + QuoteIdentifier(column.name) +
              (ReadAsText(column.type) ? "::text" : "");
    }
    return connection_->Execute(
        fmt::format("BEGIN TRANSACTION READ ONLY; DECLARE scan NO SCROLL CURSOR FOR SELECT {} FROM "
                    "{}",
                    list, table.Sql()));
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    auto fetched = connection_->Query(fmt::format("FETCH {} FROM scan", fetch_), {}, {},
                                      PgConnection::Format::kBinary);
    if (!fetched.ok()) return fetched.status().WithContext(kReadingTable);
    if (fetched->num_rows() == 0) return std::shared_ptr<arrow::RecordBatch>();
    arrow::ArrayVector arrays;
    int64_t bytes = 1;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      MR_ASSIGN_OR_RETURN(auto array, BuildColumn(columns_[static_cast<size_t>(i)].type,
                                                  schema_->field(i)->type(), *fetched, i));
      arrays.push_back(std::move(array));
      for (int row = 0; row < fetched->num_rows(); ++row) {
        bytes += static_cast<int64_t>(fetched->Value(row, i).size());
      }
    }
    // As many rows as give batches of one size, whatever rows look like.
    fetch_ = std::clamp<int64_t>(fetched->num_rows() * kFetchBytes / bytes, 1, kFetchMost);
    return arrow::RecordBatch::Make(schema_, fetched->num_rows(), std::move(arrays));
  }

 private:
  const std::unique_ptr<PgConnection> connection_;
  const std::vector<ExistingTable::Column> columns_;
  SchemaPtr schema_;
  int64_t fetch_ = kFirstFetch;
};

}  // namespace

Result<std::unique_ptr<TableScan>> ScanTable(const PgOptions& options, const TableName& table,
                                             const std::vector<std::string>& columns) {
  MR_ASSIGN_OR_RETURN(auto connection, DestinationConnections::Connect(options));
  MR_ASSIGN_OR_RETURN(const auto existing, FindTable(*connection, table));
  if (!existing) {
    return ConfigError("there is no table {} in {}", table.ToString(), options.Where());
  }
  std::vector<ExistingTable::Column> chosen;
  for (const auto& column : existing->columns) {
    const bool wanted =
        columns.empty() || std::find(columns.begin(), columns.end(), column.name) != columns.end();
    if (wanted) chosen.push_back(column);
  }
  for (const std::string& column : columns) {
    if (existing->Find(column) == nullptr) {
      return ConfigError("the table {} has no column \"{}\"", table.ToString(), column);
    }
  }
  auto scan = std::make_unique<PostgresTableScan>(std::move(connection), std::move(chosen));
  MR_RETURN_IF_ERROR(scan->Open(table).WithContext("reading " + table.ToString()));
  return std::unique_ptr<TableScan>(std::move(scan));
}

}  // namespace millrace
