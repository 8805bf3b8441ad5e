#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"
#include "formats/json_coercion.h"
#include "formats/json_scanner.h"

namespace millrace {

/// Turns JSON objects into the rows of record batches of one schema: a JSONL file's lines, RECORD
/// messages. A value that misses its column's type is treated as connector/coercion.md says; what
/// that table nulls or cuts is among the batch's changes. Of a key that stands twice in an object
/// the last value counts. One thread.
class JsonBatchDecoder {
 public:
  /// A system error when the schema has a type that no JSON schema gives. `keep_undeclared`: the
  /// schema's last column, of json_text(), takes the members of an object that have no column, as
  /// an object; null where there are none.
  static Result<std::unique_ptr<JsonBatchDecoder>> Make(SchemaPtr schema,
                                                        bool keep_undeclared = false);
  ~JsonBatchDecoder();

  /// Appends one object as a row. A config error says what is wrong with the JSON and where; the
  /// row is then not there, and the decoder can go on.
  Status Append(std::string_view object);
  /// The same without a copy, for text that is known to be UTF-8, ends before a control character
  /// and has JsonScanner::kPadding readable bytes behind it.
  Status AppendPadded(std::string_view object);
  /// Reads the scanner's next value, which must be an object, as a row. Otherwise what is wrong,
  /// and the row is not there. The same is required of the text.
  const char* AppendNext(JsonScanner& scanner);
  /// Takes back the last row, since the last Finish. Requires that there is one.
  void TakeBack();

  // A row whose values are no JSON text: between BeginRow and EndRow the columns are filled.

  struct Filling {
    const std::vector<JsonCoercion::Column>& columns;
    JsonCoercion::Keys& keys;
    JsonCoercion& coercion;
    ColumnBuilder* kept_members;  ///< of undeclared members; null: they are counted
    int64_t row;

    /// Before the column's value: one that the row has already is taken back.
    void MakeReady(const JsonCoercion::Column& column) const;
    /// Puts an object of undeclared members into their column.
    void Keep(std::string_view members) const;
  };
  Filling BeginRow();
  void EndRow() { ++rows_; }

  /// Adds a change that the source reports itself about the last row.
  void AddChange(FieldChange change);

  int64_t rows() const { return rows_; }
  /// What the rows occupy, about.
  int64_t bytes() const;
  /// Values left out because the schema, or a struct in it, has no column for their key, since the
  /// decoder was made.
  int64_t undeclared_values() const;
  /// The rows since the last Finish that have such values, ascending. Ask before Finish.
  std::vector<int64_t> TakeUndeclaredRows();

  /// The rows appended since the last call, with their changes. Without rows: an empty batch.
  Result<ChangeBatch> Finish();

 private:
  struct Columns;

  explicit JsonBatchDecoder(SchemaPtr schema);

  const SchemaPtr schema_;
  std::unique_ptr<Columns> columns_;
  std::string padded_;
  int64_t rows_ = 0;
};

}  // namespace millrace
