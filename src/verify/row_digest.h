#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "protocol/catalog.h"
#include "verify/cursor_bound.h"
#include "verify/value_hash.h"

namespace millrace {

struct ComparedColumn {
  std::string name;              ///< at the source
  std::string destination_name;  ///< there
  ValueKind kind = ValueKind::kText;
};

/// What of a stream is compared: its columns in the source's order, without Airbyte's metadata. A
/// plain value.
struct ComparePlan {
  std::vector<ComparedColumn> columns;
  /// Of the primary key, by index into `columns`; empty: rows are known by all their values.
  std::vector<size_t> key;
  /// The first part of the key is a whole number, a date or a timestamp: rows have a place on a
  /// line.
  bool ranged = false;
  std::optional<size_t> cursor;
  /// Rows beyond it came after the last sync. Only with `cursor`.
  std::optional<CursorBound> bound;
};

/// Config errors: a key or cursor inside a column, which can't be compared.
Result<ComparePlan> MakeComparePlan(const ConfiguredStream& stream,
                                    const arrow::Schema& source_schema);

/// Finds each column's name in the destination, which may have cleaned it: the same, or one that is
/// the same but for case and characters that aren't letters or digits. Returns the source's names
/// of the columns that `destination` lacks.
std::vector<std::string> MapColumns(const arrow::Schema& destination, ComparePlan* plan);

/// Hashes of a batch's rows; one entry a row in each vector.
struct RowDigests {
  std::vector<uint64_t> key, row;
  std::vector<std::vector<uint64_t>> columns;  ///< by column, then row
  std::vector<int64_t> place;                  ///< on the key's line; when the plan is ranged
  std::vector<CursorSide> sides;               ///< kWithin where there is no bound
  std::vector<bool> deleted;                   ///< _ab_cdc_deleted_at is set; empty: none is
};

/// Hashes the rows of one side. One thread; `plan` outlives it.
class RowDigester {
 public:
  enum class Side { kSource, kDestination };

  RowDigester(const ComparePlan& plan, Side side) : plan_(plan), side_(side) {}

  /// A column that the batch lacks is null in all its rows.
  void Digest(const arrow::RecordBatch& rows, RowDigests* digests);

  /// The batch's column of plan column `i`; null when it has none.
  std::shared_ptr<arrow::Array> ColumnOf(const arrow::RecordBatch& rows, size_t i) const;

 private:
  const ComparePlan& plan_;
  const Side side_;
};

}  // namespace millrace
