#include "control/jobs/shared_time.h"

namespace millrace {

Result<int64_t> SharedNow(const SqlDatabase& database, SqlTransaction& transaction,
                          const Clock& own) {
  if (database.engine() == SqlDatabase::Engine::kSqlite) {
    return own.WallNow().time_since_epoch().count();
  }
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", {}));
  return rows.at(0).Integer(0);
}

}  // namespace millrace
