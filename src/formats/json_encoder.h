#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/source.h"

namespace millrace {

/// Rows of record batches as JSON text: what JSONL files and RECORD messages carry. Numbers are
/// exact (decimals and number() bare, never through a double), timestamps and dates ISO 8601,
/// binary base64, untyped JSON as it is, numbers that JSON has no word for null. Values are
/// appended to a string that the caller reuses. One thread.
class JsonEncoder {
 public:
  /// A system error names a column whose type JSON has no form for.
  static Result<JsonEncoder> Make(const SchemaPtr& schema);

  /// Appends {"a":1,"b":null} with the columns `columns` of row `row`, all of them when it is
  /// empty. `rows` has the encoder's schema.
  void AppendRow(const arrow::RecordBatch& rows, int64_t row, const std::vector<int>& columns,
                 std::string& out) const;
  void AppendRow(const arrow::RecordBatch& rows, int64_t row, std::string& out) const {
    AppendRow(rows, row, all_columns_, out);
  }

  /// Appends one field: "a":1
  void AppendField(const arrow::RecordBatch& rows, int column, int64_t row, std::string& out) const;

 private:
  JsonEncoder() = default;

  std::vector<std::string> keys_;  // "a": with quotes and colon
  std::vector<int> all_columns_;
};

/// Appends value `row` of any array as JSON; null where it is null.
void AppendJsonValue(const arrow::Array& array, int64_t row, std::string& out);

/// True when AppendJsonValue has a form for the type.
bool HasJsonForm(const arrow::DataType& type);

}  // namespace millrace
