#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"
#include "connector/source.h"
#include "formats/column_builder.h"
#include "formats/csv_inference.h"
#include "formats/csv_options.h"
#include "formats/csv_row_reader.h"
#include "formats/csv_values.h"

namespace millrace {

/// Reads the rows of a CSV file, or of a part of one, into record batches. One thread; holds a
/// block of the file and the batch being made.
///
/// A row with fewer fields than the file has columns ends in nulls. One with more, and a value
/// that is not of its column's type, are config errors that name the line (rows: unless
/// options.bad_lines lets them go).
class CsvReader {
 public:
  /// `input` outlives the reader and stands at a row's start, which is on line `first_line`;
  /// `column_count` is the file's, `columns` those wanted.
  static Result<std::unique_ptr<CsvReader>> Make(ByteReader& input, const CsvOptions& options,
                                                 std::vector<CsvColumn> columns,
                                                 size_t column_count, int64_t first_line);

  const SchemaPtr& schema() const { return schema_; }

  /// The next rows: 122,880 or 4 MiB of them. Null at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();

  /// Rows left out because they had too many fields (BadLines::kWarn, kSkip).
  int64_t bad_lines() const { return bad_lines_; }

 private:
  struct Column {
    CsvColumn what;
    std::unique_ptr<ColumnBuilder> builder;
    /// How its values are read; made from the type once.
    enum class Reading : uint8_t { kText, kInt, kNumber, kDouble, kBool, kDate, kTime } reading;
    bool zoned = false;
  };

  CsvReader(ByteReader& input, const CsvOptions& options, size_t column_count, int64_t first_line);

  /// Appends the rows in rows_ to all columns.
  Status AppendRows();
  Status AppendColumn(Column& column);
  /// Calls `append` for each value of the column that is there and no null; false: a wrong value.
  template <typename Append>
  Status EachValue(Column& column, Append append);
  bool AppendNumber(Column& column, std::string_view text);
  bool AppendTime(Column& column, std::string_view text);
  /// Takes rows with too many fields out of rows_, or fails.
  Status DropBadRows();
  Status WrongValue(const Column& column, std::string_view text, int64_t line) const;
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

  const CsvOptions options_;
  const CsvValues values_;
  const bool plain_numbers_;  // no thousands separators, and '.' is the point
  const size_t column_count_;
  CsvRowReader reader_;
  CsvRows rows_;
  std::vector<Column> columns_;
  SchemaPtr schema_;
  std::string scratch_, number_scratch_;
  int64_t rows_read_ = 0;
  int64_t batch_rows_ = 0;
  int64_t bad_lines_ = 0;
};

}  // namespace millrace
