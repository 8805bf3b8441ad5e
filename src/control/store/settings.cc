#include "control/store/settings.h"

namespace millrace {

Result<std::optional<std::string>> FindSetting(SqlTransaction& transaction,
                                               const std::string& name) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query("SELECT value FROM setting WHERE name = :1", {name}));
  return rows.empty() ? std::nullopt : std::optional(rows.front().Text(0));
}

Status PutSetting(SqlTransaction& transaction, const std::string& name, const std::string& value) {
  MR_ASSIGN_OR_RETURN(
      const int64_t changed,
      transaction.Execute("UPDATE setting SET value = :2 WHERE name = :1", {name, value}));
  if (changed > 0) return Status::Ok();
  return transaction.Execute("INSERT INTO setting (name, value) VALUES (:1, :2)", {name, value})
      .status();
}

}  // namespace millrace
