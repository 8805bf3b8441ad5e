#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "connector/change_batch.h"
#include "protocol/catalog.h"
#include "transform/column_selection.h"
#include "transform/metadata_columns.h"

namespace millrace {

/// What happens to the rows of one lane between source and writer: columns are selected, Airbyte's
/// metadata columns are put before them, and the source's FieldChanges move into _airbyte_meta. No
/// work per row except the ids. Pure but for its caches and counts; one thread, which is the
/// lane's. For one schema: a new schema needs a new transform.
class StreamTransform {
 public:
  /// Config errors: an unknown selected field (when `missing` refuses it), a column of the source
  /// that has a metadata column's name. `clock` outlives the transform.
  static Result<StreamTransform> Make(const ConfiguredStream& stream,
                                      std::shared_ptr<arrow::Schema> input, MetadataMode metadata,
                                      const Clock& clock, MissingFields missing);

  const std::shared_ptr<arrow::Schema>& input_schema() const { return input_; }
  /// What Apply delivers.
  const std::shared_ptr<arrow::Schema>& schema() const { return output_; }

  /// The batch as the writer gets it. A system error when its schema is not input_schema(), or a
  /// mask does not fit it.
  Result<ChangeBatch> Apply(ChangeBatch batch);

  /// The same without metadata columns: the kept columns, with the batch's changes beside them. For
  /// a transform with metadata none, and what Apply does with metadata apart.
  Result<ChangeBatch> Select(ChangeBatch batch);

  /// FieldChanges seen so far in columns that are kept. With metadata none or classic there is no
  /// column to record them in: they are counted here, and the first is warned about.
  int64_t values_changed() const { return values_changed_; }

 private:
  StreamTransform(const ConfiguredStream& stream, std::shared_ptr<arrow::Schema> input,
                  std::vector<int> kept, MetadataMode metadata, const Clock& clock);

  Status CheckFits(const ChangeBatch& batch) const;
  void DropChangesOfUnselected(std::vector<FieldChange>* changes) const;
  void CountChanges(const std::vector<FieldChange>& changes);

  std::string stream_name_;
  std::shared_ptr<arrow::Schema> input_;
  std::shared_ptr<arrow::Schema> output_;
  std::vector<int> kept_;
  bool identity_;  ///< no column dropped, none added
  MetadataColumns metadata_;
  int64_t values_changed_ = 0;
};

}  // namespace millrace
