#pragma once

#include <arrow/type_fwd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "sources/postgres/column_type.h"
#include "sources/postgres/column_vector.h"

namespace millrace {

/// The rows decoded so far, to become one ChangeBatch. Used again for the next batch (and the next
/// partition), with the room that the last one needed. One thread.
class RowBatch {
 public:
  struct Column {
    std::string name;
    ColumnType type;
  };

  RowBatch(const std::vector<Column>& columns, bool validates_utf8);

  int num_columns() const { return static_cast<int>(vectors_.size()); }
  int64_t num_rows() const { return rows_; }
  /// What the rows take, about: the sum of their BytesOf().
  int64_t num_bytes() const { return bytes_; }
  /// What a row takes that has `wire_bytes` on the wire: never less than those.
  int64_t BytesOf(int64_t wire_bytes) const { return std::max(wire_bytes, fixed_row_bytes_); }

  /// Appends rows whose fields lie in `fields`, each row's `stride` behind the last one's; the
  /// first num_columns() of a row's fields are taken. `bytes`: the sum of the rows' BytesOf().
  /// System error that names the column when a value is not what its type allows.
  Status Append(const WireField* fields, int stride, int rows, int64_t bytes);

  /// The rows as columns of `schema`, which may differ from the last batch's in nullability only.
  /// Starts anew.
  Result<ChangeBatch> Finish(const std::shared_ptr<arrow::Schema>& schema);

  /// Whether the column has a null among the rows so far.
  bool HasNull(int column) const { return vectors_[column].null_count() > 0; }

 private:
  Status MakeRoom();

  std::vector<std::string> names_;
  std::vector<ColumnVector> vectors_;
  std::vector<FieldChange> changes_;
  int64_t fixed_row_bytes_ = 0;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
  int64_t room_ = 0;           // rows there is room for
  int64_t room_expected_ = 0;  // rows of the largest batch: the last of a partition tells nothing
};

}  // namespace millrace
