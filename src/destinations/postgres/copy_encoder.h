#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "destinations/postgres/existing_table.h"
#include "destinations/postgres/row_marks.h"

namespace millrace {

/// Rows of record batches as COPY … (FORMAT binary) carries them: what FitValues made, in columns
/// whose types ColumnTypeOf gave. Appends to a string that the caller reuses. One thread.
class CopyEncoder {
 public:
  /// Before the first row, and behind the last one, of each COPY.
  static void AppendHeader(std::string& out);
  static void AppendTrailer(std::string& out);

  CopyEncoder(const std::vector<TargetColumn>& columns, const RowMarks& marks);
  ~CopyEncoder();
  CopyEncoder(const CopyEncoder&) = delete;
  CopyEncoder& operator=(const CopyEncoder&) = delete;

  /// Takes a batch: `rows` are its rows after FitValues, one column per column of the table;
  /// `batch` has the masks and sets, and outlives the rows' encoding. A system error names a column
  /// that has no binary form.
  Status Begin(const arrow::RecordBatch& rows, const ChangeBatch& batch);
  /// Appends row `row` of it. `sequence` is its place in the order of arrival; with sets, `change`
  /// is the place of the first row of its change.
  void AppendRow(int64_t row, int64_t sequence, int64_t change, std::string& out);

 private:
  struct Column;

  void AppendValue(const Column& column, int64_t row, std::string& out);
  void AppendMeta(const Column& column, int64_t row, std::string& out);
  void AppendUnsent(int64_t row, std::string& out) const;

  const RowMarks marks_;
  const std::vector<TargetColumn> table_;
  std::vector<Column> columns_;
  const ChangeBatch* batch_ = nullptr;
  // _airbyte_meta of a row without changes, which nearly all rows have.
  int64_t plain_sync_id_ = -1;
  std::string plain_meta_;
};

}  // namespace millrace
