#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"
#include "declarative/jinja/py_value.h"
#include "declarative/records/declarative_record.h"

namespace millrace {

class JsonBatchDecoder;

/// Turns records into the rows of record batches of one schema, by connector/coercion.md: records
/// that are values, and records that are still text, in any order. One thread.
class RecordColumns {
 public:
  /// A system error when the schema has a type that no JSON schema gives. `keep_undeclared`: the
  /// schema's last column, of json_text(), takes the members of a record that have no column.
  static Result<std::unique_ptr<RecordColumns>> Make(SchemaPtr schema,
                                                     bool keep_undeclared = false);
  ~RecordColumns();

  /// Appends a record, whichever it is.
  Status Append(const DeclarativeRecord& record) {
    return record.text.empty() ? Append(record.data) : AppendRaw(record.text);
  }
  /// Appends a record, a dict, as a row. A system error says what can't be a record; the row is
  /// then not there.
  Status Append(const PyValue& record);
  /// The same of a record's text, one of those that FindRawRecords found (raw_records.h).
  Status AppendRaw(std::string_view record);

  int64_t rows() const;
  /// What the rows occupy, about.
  int64_t bytes() const;
  /// Values left out because the schema, or a struct in it, has no column for their key, since
  /// this was made.
  int64_t undeclared_values() const;

  /// The rows appended since the last call, with their changes. Without rows: an empty batch.
  Result<ChangeBatch> Finish();

 private:
  class Row;

  explicit RecordColumns(std::unique_ptr<JsonBatchDecoder> decoder);

  const std::unique_ptr<JsonBatchDecoder> decoder_;
  std::string text_, kept_;  // empty between calls
};

}  // namespace millrace
