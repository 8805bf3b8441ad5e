#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "transform/hashids.h"
#include "transform/metadata_columns.h"
#include "transform/nested_columns.h"
#include "transform/stream_outputs.h"

namespace millrace {

/// Rows of a stream whose arrays are to become rows of child tables.
struct ParentRows {
  arrow::ArrayVector columns;
  std::shared_ptr<arrow::StringArray> ids;
  Hashids hashids;
  const UnchangedMask* unchanged;
  const arrow::Array* deleted_at;         ///< _ab_cdc_deleted_at; null when there is no such column
  const arrow::Int64Array* extracted_at;  ///< as ChangeBatch's; may be null
  int64_t first_change;                   ///< the number of the first row among all of its lane
};

/// Makes the rows of a stream's child tables, batch by batch, column by column. In the modes that
/// deduplicate, each parent's change gives each of its tables a set: its rows, or, when the array
/// is empty or null or the parent deleted, one that is empty; none when the source did not send the
/// array. For one schema. One thread.
class ChildTables {
 public:
  /// `outputs` and `metadata` outlive this. `actual`: the plan of what arrives; a declared array
  /// that it lacks gives no rows.
  ChildTables(const StreamOutputs& outputs, TablePlan actual, MetadataColumns& metadata);

  /// Adds the schema of each child table at its place in StreamOutputs::streams.
  void AddSchemas(std::vector<std::shared_ptr<arrow::Schema>>* schemas) const;

  /// Fills each child table's place; a table without rows is left alone.
  Status Apply(const ParentRows& parents, std::vector<ChangeBatch>* batches);

 private:
  /// The rows whose arrays are taken apart: the stream's own, or those of a child table.
  struct Level {
    const arrow::ArrayVector& columns;
    const std::vector<int32_t>* tops;  ///< the stream's row of each; null: they are the stream's
    Hashids hashids;
  };
  /// The rows of a child table as they are written: those of its elements, -1 for an empty set.
  struct Order {
    std::vector<int32_t> rows;  ///< empty: the elements, nothing between them
    std::vector<int32_t> tops;  ///< the stream's row of each
  };

  arrow::FieldVector FieldsOf(const ChildPlan& child, const ChildPlan* actual) const;
  void AddSchemas(const TablePlan& declared, const TablePlan* actual,
                  std::vector<std::shared_ptr<arrow::Schema>>* schemas) const;
  Status Apply(const TablePlan& declared, const TablePlan* actual, const Level& level,
               const ParentRows& parents, const arrow::BooleanArray* unchanged,
               std::vector<ChangeBatch>* batches);
  Result<ElementRows> Elements(const ChildPlan* actual, const Level& level,
                               const ParentRows& parents,
                               const arrow::BooleanArray* unchanged) const;
  Order OrderOf(std::vector<int32_t> tops, const ParentRows& parents,
                const arrow::BooleanArray* unchanged) const;
  Result<ChangeBatch> MakeBatch(const ChildPlan& child, const ChildPlan* actual, const Level& level,
                                const ElementRows& elements, const Order& order, const Hashids& own,
                                const ParentRows& parents);
  Status AddOwnColumns(const ChildPlan& child, const ChildPlan* actual, const ElementRows& elements,
                       const Order& order, arrow::ArrayVector* columns) const;

  const StreamOutputs& outputs_;
  const TablePlan actual_;
  MetadataColumns& metadata_;
  const bool sets_;  ///< the tables are kept by replaced sets
};

}  // namespace millrace
