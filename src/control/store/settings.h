#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "control/store/sql_database.h"

namespace millrace {

// Facts about the instance, by name. Within the caller's transaction.

Result<std::optional<std::string>> FindSetting(SqlTransaction& transaction,
                                               const std::string& name);
/// Makes or replaces it.
Status PutSetting(SqlTransaction& transaction, const std::string& name, const std::string& value);

}  // namespace millrace
