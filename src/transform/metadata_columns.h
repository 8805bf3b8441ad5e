#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "connector/change_batch.h"
#include "protocol/catalog.h"
#include "transform/metadata_mode.h"

namespace millrace {

/// Makes Airbyte's metadata columns for the batches of one lane. The ids are the only cost per row:
/// the other columns mostly say the same for every row, so they are built once and sliced. One
/// thread.
class MetadataColumns {
 public:
  /// `clock` stamps the rows and outlives this.
  MetadataColumns(MetadataMode mode, const ConfiguredStream& stream, const Clock& clock);

  /// None of them nullable; empty with kNone and kApart.
  const arrow::FieldVector& fields() const { return fields_; }
  /// Whether they have a place for a row's FieldChanges.
  bool has_meta() const { return mode_ == MetadataMode::kCurrent; }
  /// Whether FieldChanges and times are wanted beside the rows.
  bool apart() const { return mode_ == MetadataMode::kApart; }

  /// One column per field for the batch's rows; its changes are left out when !has_meta().
  Result<arrow::ArrayVector> Make(const ChangeBatch& batch);

  // The parts of Make, for rows that go to several tables.

  /// A UUID per row; in every mode.
  Result<std::shared_ptr<arrow::StringArray>> MakeIds(int64_t num_rows);
  /// One column per field, for rows that have these ids; `extracted_at` as ChangeBatch's, or null.
  Result<arrow::ArrayVector> MakeFor(const std::shared_ptr<arrow::StringArray>& ids,
                                     const arrow::Int64Array* extracted_at,
                                     const std::vector<FieldChange>& changes);
  /// The time, for every row; in every mode, for a column of StampField's type.
  Result<std::shared_ptr<arrow::Array>> MakeNow(int64_t num_rows);
  static std::shared_ptr<arrow::Field> StampField(std::string_view name);

 private:
  /// The rows' stamps: those given, and the time where there is none.
  Result<std::shared_ptr<arrow::Array>> MakeStamps(int64_t num_rows,
                                                   const arrow::Int64Array* given) const;
  Status EnsureConstants(int64_t num_rows);

  const MetadataMode mode_;
  const int64_t sync_id_;
  const int64_t generation_id_;
  const Clock& clock_;
  arrow::FieldVector fields_;

  // Columns for capacity_ rows, all stamped stamped_at_.
  int64_t capacity_ = 0;
  WallTime stamped_at_{};
  std::shared_ptr<arrow::Buffer> id_offsets_;
  std::shared_ptr<arrow::Array> extracted_at_;
  std::shared_ptr<arrow::Array> meta_;
  std::shared_ptr<arrow::Array> generation_;
};

}  // namespace millrace
