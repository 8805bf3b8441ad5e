#include "control/store/connection_states.h"

#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/store/jobs.h"

namespace millrace {

Result<std::optional<ConnectionState>> FindConnectionState(SqlTransaction& transaction,
                                                           const std::string& connection_id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT epoch, checkpoint, state, fencing_token, updated_at "
                        "FROM connection_state WHERE connection_id = :1",
                        {connection_id}));
  if (rows.empty()) return std::optional<ConnectionState>();
  const SqlRow& row = rows.front();
  ConnectionState found;
  found.saved.epoch = row.Text(0);
  found.saved.checkpoint = static_cast<CheckpointId>(row.Integer(1));
  MR_ASSIGN_OR_RETURN(found.saved.state, StateFromJson(Json::parse(row.Text(2))));
  found.fencing_token = row.Integer(3);
  found.updated_at = row.Integer(4);
  return std::optional(std::move(found));
}

Status PutConnectionState(SqlTransaction& transaction, const std::string& connection_id,
                          const ConnectionState& state) {
  return transaction
      .Execute(
          "INSERT INTO connection_state (connection_id, epoch, checkpoint, state, fencing_token, "
          "updated_at) VALUES (:1, :2, :3, :4, :5, :6) ON CONFLICT (connection_id) DO UPDATE SET "
          "epoch = excluded.epoch, checkpoint = excluded.checkpoint, state = excluded.state, "
          "fencing_token = excluded.fencing_token, updated_at = excluded.updated_at",
          {connection_id, state.saved.epoch, static_cast<int64_t>(state.saved.checkpoint),
           ToJson(state.saved.state).dump(), state.fencing_token, state.updated_at})
      .status();
}

Result<bool> UpdateConnectionState(SqlTransaction& transaction, const std::string& connection_id,
                                   const ConnectionState& state) {
  MR_ASSIGN_OR_RETURN(
      const int64_t touched,
      transaction.Execute(
          "UPDATE connection_state SET epoch = :1, checkpoint = :2, state = :3, updated_at = :4 "
          "WHERE connection_id = :5 AND fencing_token = :6",
          {state.saved.epoch, static_cast<int64_t>(state.saved.checkpoint),
           ToJson(state.saved.state).dump(), state.updated_at, connection_id,
           state.fencing_token}));
  return touched == 1;
}

Status ReplaceConnectionState(SqlTransaction& transaction, const std::string& connection_id,
                              State state, int64_t now) {
  ConnectionState replaced;
  replaced.saved = {RandomUuid(), 0, std::move(state)};
  MR_ASSIGN_OR_RETURN(replaced.fencing_token, NextFencingToken(transaction, now));
  replaced.updated_at = now;
  return PutConnectionState(transaction, connection_id, replaced);
}

}  // namespace millrace
