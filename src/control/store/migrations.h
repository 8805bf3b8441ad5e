#pragma once

#include "base/result.h"
#include "control/store/sql_database.h"

namespace millrace {

/// Brings the database's tables to this version: applies the numbered migrations that it lacks,
/// each in a transaction of its own. Several servers may start at once: one migrates, the others
/// wait. A config error when the database was made by a newer version.
Status Migrate(SqlDatabase& database);

/// Ok when the tables are those of this version. Changes nothing; the config error says whose turn
/// it is.
Status CheckMigrated(SqlDatabase& database);
/// What CheckMigrated says of an empty database.
Status NotSetUp();

}  // namespace millrace
