#pragma once

#include "clients/postgres/pg_connection.h"
#include "destinations/postgres/landing.h"
#include "destinations/postgres/stage.h"
#include "destinations/postgres/table_name.h"

namespace millrace {

/// What becomes of views and foreign keys that need the table which is replaced.
enum class Dependents {
  kKeep,  ///< the old table stays and gets the new rows
  kDrop,  ///< they go with it (drop_cascade)
};

/// Puts `fresh` (whose marks are dropped) in the place of `table`, in the caller's transaction:
/// readers see all of the old rows or all of the new ones. The grants of the old table go over to
/// the new one. Where other objects depend on the old table and are to be kept, it stays, gets the
/// new table's columns, and its rows are replaced. Config error when that can't be done.
Status SwapTable(PgConnection& connection, Landing& landing, const TableName& table,
                 const Stage& fresh, Dependents dependents);

}  // namespace millrace
