#pragma once

#include <string>

#include "base/status.h"
#include "control/store/sql_database.h"

namespace millrace {

/// Holds off everybody else's changes of the connection until the transaction ends, so that what
/// is read of it after this is what will be changed. Waits for changes under way. Call it before
/// anything else in the transaction.
Status LockConnection(SqlTransaction& transaction, const std::string& id);

}  // namespace millrace
