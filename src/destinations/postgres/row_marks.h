#pragma once

namespace millrace {

/// What the staging table knows of each row beside its columns. Each is a column of its own behind
/// them, in this order.
struct RowMarks {
  bool sequence = false;  ///< bigint: the row's place in the order of arrival
  bool unsent = false;    ///< integer[]: the numbers of the columns that the source did not send
  bool sets = false;      ///< bigint, boolean: which change of a parent the row belongs to,
                          ///< and whether it only says that the parent has no rows
};

}  // namespace millrace
