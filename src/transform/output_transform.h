#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "connector/change_batch.h"
#include "transform/child_tables.h"
#include "transform/json_text_columns.h"
#include "transform/metadata_columns.h"
#include "transform/raw_column.h"
#include "transform/stream_outputs.h"
#include "transform/stream_transform.h"

namespace millrace {

/// Everything that happens to the rows of one lane between source and writers: StreamTransform's
/// selection and metadata columns; for a normalised stream, JSON text of a declared type is parsed,
/// nested objects become columns, arrays of objects become rows of child tables; a raw table gets
/// each record as JSON. One thread, which is the lane's. For one schema.
class OutputTransform {
 public:
  /// `outputs` and `clock` outlive the transform. Config errors as StreamTransform's; and a column
  /// of the source with the name of one that normalisation adds.
  static Result<std::unique_ptr<OutputTransform>> Make(const StreamOutputs& outputs,
                                                       std::shared_ptr<arrow::Schema> input,
                                                       MetadataMode metadata, const Clock& clock,
                                                       MissingFields missing);

  const std::shared_ptr<arrow::Schema>& input_schema() const { return select_.input_schema(); }
  /// What Apply delivers, in the order of StreamOutputs::streams.
  const std::vector<std::shared_ptr<arrow::Schema>>& schemas() const { return schemas_; }

  /// The batches for all outputs; one without rows is not to be written. `first_row`: how many rows
  /// the lane had before, over all its transforms (it numbers the changes of replaced sets).
  Result<std::vector<ChangeBatch>> Apply(ChangeBatch batch, int64_t first_row);

  /// See StreamTransform; what parsing could not keep is counted too.
  int64_t values_changed() const { return select_.values_changed() + values_not_parsed_; }

 private:
  OutputTransform(const StreamOutputs& outputs, StreamTransform select, MetadataMode metadata,
                  const Clock& clock);

  Status PlanTables();
  Status CheckNames() const;
  Result<ChangeBatch> MakeTable(const ChangeBatch& batch, const arrow::ArrayVector& metadata,
                                const Hashids& hashids);
  Result<Hashids> MakeHashids(const ChangeBatch& batch, const arrow::StringArray& ids) const;

  const StreamOutputs& outputs_;
  StreamTransform select_;
  MetadataColumns metadata_;
  std::vector<std::shared_ptr<arrow::Schema>> schemas_;
  std::optional<RawColumn> raw_;

  // Normalised streams only.
  std::optional<JsonTextColumns> json_text_;
  std::vector<FlatColumn> columns_;
  std::vector<NestedPlace> key_;  ///< empty: the rows' ids
  std::optional<ChildTables> children_;
  int64_t values_not_parsed_ = 0;
};

}  // namespace millrace
