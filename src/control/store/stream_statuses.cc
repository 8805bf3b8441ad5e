#include "control/store/stream_statuses.h"

namespace millrace {
namespace {

constexpr std::string_view kSelectStreamStatuses =
    "SELECT job_id, attempt_number, namespace, name, connection_id, run_state, "
    "COALESCE(incomplete_cause, ''), transitioned_at FROM stream_status ";

std::vector<StoredStreamStatus> StatusesOf(const std::vector<SqlRow>& rows) {
  std::vector<StoredStreamStatus> statuses;
  for (const SqlRow& row : rows) {
    StoredStreamStatus status;
    status.job_id = row.Integer(0);
    status.attempt_number = row.Integer(1);
    if (!row.Text(2).empty()) status.stream.name_space = row.Text(2);
    status.stream.name = row.Text(3);
    status.connection_id = row.Text(4);
    status.run_state = row.Text(5);
    status.incomplete_cause = row.Text(6);
    status.transitioned_at = row.Integer(7);
    statuses.push_back(std::move(status));
  }
  return statuses;
}

}  // namespace

Status PutStreamStatus(SqlTransaction& transaction, const StoredStreamStatus& status) {
  return transaction
      .Execute(
          "INSERT INTO stream_status (job_id, attempt_number, namespace, name, connection_id, "
          "run_state, incomplete_cause, transitioned_at) VALUES (:1, :2, :3, :4, :5, :6, :7, :8) "
          "ON CONFLICT (job_id, attempt_number, namespace, name) DO UPDATE SET "
          "run_state = excluded.run_state, incomplete_cause = excluded.incomplete_cause, "
          "transitioned_at = excluded.transitioned_at",
          {status.job_id, status.attempt_number, status.stream.name_space.value_or(""),
           status.stream.name, status.connection_id, status.run_state,
           status.incomplete_cause.empty() ? SqlValue() : SqlValue(status.incomplete_cause),
           status.transitioned_at})
      .status();
}

Result<std::vector<StoredStreamStatus>> ListStreamStatuses(SqlTransaction& transaction,
                                                           int64_t job_id, int64_t attempt_number) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(std::string(kSelectStreamStatuses) +
                                            "WHERE job_id = :1 AND attempt_number = :2 "
                                            "ORDER BY namespace, name",
                                        {job_id, attempt_number}));
  return StatusesOf(rows);
}

Result<std::vector<StoredStreamStatus>> ListStreamStatuses(SqlTransaction& transaction,
                                                           const std::string& connection_id,
                                                           int64_t limit) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(std::string(kSelectStreamStatuses) +
                                            "WHERE connection_id = :1 ORDER BY job_id DESC, "
                                            "attempt_number DESC, namespace, name LIMIT :2",
                                        {connection_id, limit}));
  return StatusesOf(rows);
}

}  // namespace millrace
