#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "control/store/sql_database.h"
#include "protocol/state_store.h"

namespace millrace {

/// How far a connection has come, and who may say so. A plain value.
struct ConnectionState {
  SavedState saved;
  /// Of the attempt or the edit that owns the state: nobody with another one may change it.
  int64_t fencing_token = 0;
  int64_t updated_at = 0;  ///< microseconds since 1970 UTC
};

// Within the caller's transaction.

/// Empty: nothing was ever saved.
Result<std::optional<ConnectionState>> FindConnectionState(SqlTransaction& transaction,
                                                           const std::string& connection_id);
/// Puts `state` there, whatever was there, under its token: older attempts can't change it any
/// more. For a new attempt, which takes the state over as it is, and for edits, with a new epoch
/// and a token of their own (NextFencingToken).
Status PutConnectionState(SqlTransaction& transaction, const std::string& connection_id,
                          const ConnectionState& state);
/// Stores what the owner has come to. False: another one owns it now; nothing was changed.
Result<bool> UpdateConnectionState(SqlTransaction& transaction, const std::string& connection_id,
                                   const ConnectionState& state);

/// What a person or a reset wants saved: the whole state, in a new epoch, so that what an earlier
/// one committed is never withdrawn. An attempt that still runs can't change it any more.
Status ReplaceConnectionState(SqlTransaction& transaction, const std::string& connection_id,
                              State state, int64_t now);

}  // namespace millrace
