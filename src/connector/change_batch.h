#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace millrace {

/// Values that the source did not send (PostgreSQL's unchanged TOAST, partial row images): to be
/// taken from the stored row, never to be read as NULL. Usually empty.
struct UnchangedMask {
  /// One entry per column of the batch; null where every value was sent. True: not sent.
  std::vector<std::shared_ptr<arrow::BooleanArray>> columns;

  bool empty() const { return columns.empty(); }
};

/// One value that could not be kept as it was: it is null (or cut) in the batch, and an entry of
/// `_airbyte_meta.changes` in the destination. Never silent.
struct FieldChange {
  int64_t row = 0;
  std::string field;
  std::string change = "NULLED";  ///< or "TRUNCATED"
  std::string reason;             ///< the protocol's: "SOURCE_SERIALIZATION_ERROR" …
};

/// What rows of a derived stream (a child table) replace: each change of a parent replaces all of
/// that parent's children. A set's rows share their values of ConfiguredStream::replace_by. Null in
/// batches of every other stream.
struct ReplacedSets {
  /// int64 per row, never null, ascending: which change of the parent the row belongs to. Rows of
  /// one change are one set, and a later change voids what earlier ones said of the same parent.
  std::shared_ptr<arrow::Int64Array> change;
  /// Per row, never null. True: the parent has no children any more; the row holds nothing but its
  /// replace_by columns and is not stored.
  std::shared_ptr<arrow::BooleanArray> empty;
};

/// Rows of one stream in arrival order. Change data is columns (_ab_cdc_deleted_at …). Immutable
/// once emitted; cheap to move.
struct ChangeBatch {
  std::shared_ptr<arrow::RecordBatch> rows;
  UnchangedMask unchanged;
  /// Sorted by row. Usually empty.
  std::vector<FieldChange> changes;
  std::shared_ptr<const ReplacedSets> replaces;
  /// int64 per row: when an earlier process extracted it, in milliseconds since 1970. Null, whole
  /// or in a row: now.
  std::shared_ptr<arrow::Int64Array> extracted_at;

  int64_t num_rows() const;
  /// The bytes that the batch keeps alive: what queues and budgets count.
  int64_t num_bytes() const;
};

}  // namespace millrace
