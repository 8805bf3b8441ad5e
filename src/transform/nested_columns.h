#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "transform/table_plan.h"

namespace millrace {

/// The column that stands at `place` inside nested columns; null wherever an object around it is.
/// Nothing is copied but validity bits.
Result<std::shared_ptr<arrow::Array>> ColumnAt(const arrow::ArrayVector& columns,
                                               const NestedPlace& place);

/// The elements of a column of arrays, as rows.
struct ElementRows {
  arrow::ArrayVector columns;    ///< the fields of the elements
  std::vector<int32_t> parents;  ///< each row's row in the column of arrays, ascending

  int64_t num_rows() const { return static_cast<int64_t>(parents.size()); }
};

/// Takes the arrays apart by their offsets: one slice of the elements' columns, nothing copied,
/// unless arrays in between are left out. `skip(row)`: leave that row's array out. An element that
/// is null is a row of nulls.
Result<ElementRows> ElementsOf(const arrow::ListArray& lists,
                               const std::function<bool(int64_t)>& skip);

/// Rows of `column` by index, null where the index is negative.
Result<std::shared_ptr<arrow::Array>> TakeRows(const arrow::Array& column,
                                               const std::vector<int32_t>& rows);

}  // namespace millrace
