#include "formats/csv_reader.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/log.h"
#include "base/micros_per_day.h"
#include "connector/number_type.h"
#include "formats/batch_bounds.h"
#include "formats/iso_time.h"
#include "formats/number_text.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

constexpr int64_t kBadLinesLogged = 5;
constexpr size_t kShownBytes = 60;

/// A value in a message: not too much of it.
std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  return std::string(
             text.substr(0, static_cast<size_t>(WholeCharacters(text.data(), kShownBytes)))) +
         "…";
}

}  // namespace

CsvReader::CsvReader(ByteReader& input, const CsvOptions& options, size_t column_count,
                     int64_t first_line)
    : options_(options),
      values_(options),
      plain_numbers_(!options.thousands && options.decimal == '.'),
      column_count_(column_count),
      reader_(input, options.dialect, first_line) {}

Result<std::unique_ptr<CsvReader>> CsvReader::Make(ByteReader& input, const CsvOptions& options,
                                                   std::vector<CsvColumn> columns,
                                                   size_t column_count, int64_t first_line) {
  using Reading = Column::Reading;
  std::unique_ptr<CsvReader> reader(new CsvReader(input, options, column_count, first_line));
  arrow::FieldVector fields;
  for (CsvColumn& what : columns) {
    Column column{std::move(what), nullptr, Reading::kText, false};
    const arrow::DataType& type = *column.what.type;
    if (IsNumber(type)) {
      column.reading = Reading::kNumber;
    } else if (type.id() == arrow::Type::INT64) {
      column.reading = Reading::kInt;
    } else if (type.id() == arrow::Type::DOUBLE) {
      column.reading = Reading::kDouble;
    } else if (type.id() == arrow::Type::BOOL) {
      column.reading = Reading::kBool;
    } else if (type.id() == arrow::Type::DATE32) {
      column.reading = Reading::kDate;
    } else if (type.id() == arrow::Type::TIMESTAMP) {
      column.reading = Reading::kTime;
      column.zoned = !static_cast<const arrow::TimestampType&>(type).timezone().empty();
    } else if (type.id() != arrow::Type::STRING) {
      return SystemError("no CSV column is read as {}", type.ToString());
    }
    MR_ASSIGN_OR_RETURN(column.builder, ColumnBuilder::Make(column.what.type));
    fields.push_back(arrow::field(column.what.name, column.what.type));
    reader->columns_.push_back(std::move(column));
  }
  reader->schema_ = arrow::schema(std::move(fields));
  return reader;
}

bool CsvReader::AppendNumber(Column& column, std::string_view text) {
  const std::string_view number = values_.NumberText(text, number_scratch_);
  switch (column.reading) {
    case Column::Reading::kInt: {
      const std::optional<int64_t> value = ParseInt64(number);
      if (value) column.builder->AppendInt64(*value);
      return value.has_value();
    }
    case Column::Reading::kDouble: {
      double value = 0;
      const auto [end, error] =
          std::from_chars(number.data(), number.data() + number.size(), value);
      if (error != std::errc() || end != number.data() + number.size()) return false;
      column.builder->AppendDouble(value);
      return true;
    }
    default: {
      const int64_t size = WriteCanonicalNumber(
          number, column.builder->TextRoom(CanonicalNumberRoom(number.size())));
      if (size >= 0) column.builder->CommitText(size);
      return size >= 0;
    }
  }
}

bool CsvReader::AppendTime(Column& column, std::string_view text) {
  if (const std::optional<IsoTimestamp> time = ParseIsoTimestamp(text)) {
    if (time->has_zone != column.zoned || !time->exact) return false;
    column.builder->AppendInt64(time->micros);
    return true;
  }
  const std::optional<int32_t> date = ParseIsoDate(text);
  if (!date || column.zoned) return false;
  column.builder->AppendInt64(int64_t{*date} * kMicrosPerDay);
  return true;
}

template <typename Append>
Status CsvReader::EachValue(Column& column, Append append) {
  const size_t position = static_cast<size_t>(column.what.position);
  for (size_t row = 0; row < rows_.size(); ++row) {
    if (position >= rows_.count[row]) {
      column.builder->AppendNull();
      continue;
    }
    const CsvField& field = rows_.fields[rows_.first[row] + position];
    const std::string_view text =
        field.form == CsvField::Form::kCoded ? reader_.Decode(field, scratch_) : field.raw;
    if (values_.IsNull(text)) {
      column.builder->AppendNull();
    } else if (!append(text)) {
      return WrongValue(column, text, rows_.line[row]);
    }
  }
  return Status::Ok();
}

Status CsvReader::AppendColumn(Column& column) {
  ColumnBuilder& builder = *column.builder;
  switch (column.reading) {
    case Column::Reading::kText:
      return EachValue(column, [&](std::string_view text) {
        builder.AppendText(text);
        return true;
      });
    case Column::Reading::kInt:
      if (!plain_numbers_) break;
      return EachValue(column, [&](std::string_view text) {
        // What nearly every value looks like, before blanks are thought of.
        const std::optional<int64_t> value = ParseInt64(text);
        if (!value) return AppendNumber(column, text);
        builder.AppendInt64(*value);
        return true;
      });
    case Column::Reading::kNumber:
      if (!plain_numbers_) break;
      return EachValue(column, [&](std::string_view text) {
        const int64_t size =
            WriteCanonicalNumber(text, builder.TextRoom(CanonicalNumberRoom(text.size())));
        if (size < 0) return AppendNumber(column, text);
        builder.CommitText(size);
        return true;
      });
    case Column::Reading::kBool:
      return EachValue(column, [&](std::string_view text) {
        const int value = ParseCsvBool(text);
        if (value >= 0) builder.AppendBool(value == 1);
        return value >= 0;
      });
    case Column::Reading::kDate:
      return EachValue(column, [&](std::string_view text) {
        const std::optional<int32_t> date = ParseIsoDate(text);
        if (date) builder.AppendInt32(*date);
        return date.has_value();
      });
    case Column::Reading::kTime:
      return EachValue(column, [&](std::string_view text) { return AppendTime(column, text); });
    case Column::Reading::kDouble:
      break;
  }
  return EachValue(column, [&](std::string_view text) { return AppendNumber(column, text); });
}

Status CsvReader::WrongValue(const Column& column, std::string_view text, int64_t line) const {
  return ConfigError(
      "line {}: column '{}': '{}' is no {}: read the column as text (reader_options: {{\"dtype\": "
      "{{\"{}\": \"str\"}}}}) or mend the value",
      line, column.what.name, Shown(text),
      IsNumber(*column.what.type) ? "number" : column.what.type->ToString(), column.what.name);
}

Status CsvReader::DropBadRows() {
  const auto bad = [this](size_t count) {
    return count > column_count_ || (options_.short_rows_are_bad && count < column_count_);
  };
  if (std::none_of(rows_.count.begin(), rows_.count.end(), bad)) return Status::Ok();
  size_t kept = 0;
  for (size_t row = 0; row < rows_.size(); ++row) {
    if (!bad(rows_.count[row])) {
      rows_.first[kept] = rows_.first[row];
      rows_.count[kept] = rows_.count[row];
      rows_.line[kept++] = rows_.line[row];
      continue;
    }
    if (options_.bad_lines == CsvOptions::BadLines::kError) {
      return ConfigError(
          "line {}: the row has {} fields, the file has {} columns: mend it, or leave such rows "
          "out ({})",
          rows_.line[row], rows_.count[row], column_count_, options_.bad_lines_advice);
    }
    ++bad_lines_;
    if (options_.bad_lines == CsvOptions::BadLines::kWarn && bad_lines_ <= kBadLinesLogged) {
      Log(LogLevel::kWarn, "line {}: the row has {} fields, the file has {} columns: left out",
          rows_.line[row], rows_.count[row], column_count_);
    }
  }
  rows_.first.resize(kept);
  rows_.count.resize(kept);
  rows_.line.resize(kept);
  return Status::Ok();
}

Status CsvReader::AppendRows() {
  rows_read_ += static_cast<int64_t>(rows_.size());
  MR_RETURN_IF_ERROR(DropBadRows());
  for (Column& column : columns_) MR_RETURN_IF_ERROR(AppendColumn(column));
  batch_rows_ += static_cast<int64_t>(rows_.size());
  return Status::Ok();
}

Result<std::shared_ptr<arrow::RecordBatch>> CsvReader::Finish() {
  if (batch_rows_ == 0) return std::shared_ptr<arrow::RecordBatch>();
  arrow::ArrayVector arrays;
  for (Column& column : columns_) {
    MR_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array, column.builder->Finish());
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema_, std::exchange(batch_rows_, 0), std::move(arrays));
}

Result<std::shared_ptr<arrow::RecordBatch>> CsvReader::Next() {
  for (;;) {
    int64_t rows_max = std::min(kCsvRowsAtOnce, kBatchRowsMax - batch_rows_);
    if (options_.rows_max >= 0) rows_max = std::min(rows_max, options_.rows_max - rows_read_);
    MR_ASSIGN_OR_RETURN(const bool more,
                        reader_.NextRows(static_cast<size_t>(rows_max),
                                         std::numeric_limits<int64_t>::max(), &rows_));
    if (!more) return Finish();
    MR_RETURN_IF_ERROR(AppendRows());
    int64_t bytes = 0;
    for (const Column& column : columns_) bytes += column.builder->bytes();
    if (batch_rows_ >= kBatchRowsMax || bytes >= kBatchBytesMax) return Finish();
  }
}

}  // namespace millrace
