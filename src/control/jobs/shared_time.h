#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "control/store/sql_database.h"

namespace millrace {

/// Microseconds since 1970 by the clock that leases and waits of jobs go by. PostgreSQL's own, that
/// all servers and workers share, whatever the clocks of their machines say or jump to; `own` with
/// SQLite, which one process has to itself.
Result<int64_t> SharedNow(const SqlDatabase& database, SqlTransaction& transaction,
                          const Clock& own);

}  // namespace millrace
