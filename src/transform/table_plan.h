#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "protocol/catalog.h"

namespace millrace {

/// Where something stands inside a table's nested columns.
struct NestedPlace {
  FieldPath names;             ///< {"contact", "email"}: stays true when columns come and go
  std::vector<int> positions;  ///< the same by index, in the schema that was planned for
};

/// A column of the flat table.
struct FlatColumn {
  NestedPlace place;
  std::shared_ptr<arrow::Field> field;  ///< "contact_email"
};

struct ChildPlan;

/// How nested columns become flat ones and child tables: fields of objects become columns of their
/// own, arrays of objects become tables. Everything else (arrays of scalars, arrays of arrays,
/// untyped JSON, objects nested deeper than kFlattenedDepthMax) stays the column that it is.
struct TablePlan {
  std::vector<FlatColumn> columns;  ///< in the source's order
  std::vector<ChildPlan> children;

  /// The column that stands at `place`; null when there is none.
  const FlatColumn* Find(const FieldPath& place) const;
};

/// An array of objects that becomes a table.
struct ChildPlan {
  std::string name;  ///< "contact_phones": what is put behind the parent table's name
  NestedPlace place;
  TablePlan table;  ///< of the elements: places begin at the element

  // Of the plan of a whole stream (see StreamOutputs); a plan of what has arrived has them from
  // there.
  size_t output = 0;
  std::string hashid;         ///< the column that names a row of it; empty: it has no children
  std::string parent_hashid;  ///< the one of the table above; empty: that is the stream's table
};

/// Objects nested deeper than this stay one column, arrays of objects nested deeper stay arrays.
inline constexpr int kFlattenedDepthMax = 16;
inline constexpr int kChildTableDepthMax = 8;

/// Plans a table. A column that is flat already keeps its name; a name made of two ("contact" and
/// "email") that another column has gets the first free of _2, _3 …, so that the same columns
/// always get the same names.
/// `declared`: only the arrays that it has, by their places, become tables, with its names: a
/// table must be known before the first row comes. Null: all of them do.
TablePlan PlanTable(const arrow::FieldVector& fields, const TablePlan* declared);

}  // namespace millrace
