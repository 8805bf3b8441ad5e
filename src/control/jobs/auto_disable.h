#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "control/store/sql_database.h"

namespace millrace {

/// What happens to a connection whose jobs only fail.
enum class AutoDisable { kNothing, kWarn, kDisable };

/// Airbyte's numbers: a warning after 20 failed jobs in a row and 4 days without a success, the end
/// after 30 and 7 days. Pure.
AutoDisable DecideAutoDisable(int64_t failed_in_row, int64_t micros_without_success);

/// After a job has failed, within the transaction that says so: warns, once until the next success,
/// on the connection's timeline (CONNECTION_DISABLED_WARNING) and in the process's log; or disables
/// the connection and says so on its timeline (CONNECTION_DISABLED).
Status DisableIfOnlyFailing(SqlTransaction& transaction, const std::string& connection_id,
                            int64_t now);

}  // namespace millrace
