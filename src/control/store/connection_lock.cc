#include "control/store/connection_lock.h"

namespace millrace {

Status LockConnection(SqlTransaction& transaction, const std::string& id) {
  return transaction.Execute("UPDATE connection SET revision = revision WHERE id = :1", {id})
      .status();
}

}  // namespace millrace
