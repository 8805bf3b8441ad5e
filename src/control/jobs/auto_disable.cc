#include "control/jobs/auto_disable.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "control/store/connection_events.h"
#include "control/store/connections.h"

namespace millrace {
namespace {

constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;
constexpr int64_t kWarnFailures = 20, kWarnTime = 4 * kDay;
constexpr int64_t kDisableFailures = 30, kDisableTime = 7 * kDay;
constexpr const char* kReason = "ONLY_FAILED_JOBS_RECENTLY";

/// How a connection's jobs have failed since its last success. A plain value.
struct Failures {
  int64_t in_row = 0;
  int64_t since = 0;  ///< when the first of them began; microseconds since 1970 UTC
};

Status Tell(SqlTransaction& transaction, const std::string& connection_id, const char* type,
            Json summary, int64_t now) {
  ConnectionEvent event;
  event.connection_id = connection_id;
  event.type = type;
  event.summary = std::move(summary);
  event.created_at = now;
  return InsertConnectionEvent(transaction, std::move(event));
}

/// Once for all failures in a row.
Status Warn(SqlTransaction& transaction, const std::string& connection_id, const Failures& failures,
            int64_t now) {
  constexpr const char* kWarning = "CONNECTION_DISABLED_WARNING";
  ConnectionEventFilter earlier;
  earlier.connection_id = connection_id;
  earlier.types = {kWarning};
  earlier.created_from = failures.since;
  MR_ASSIGN_OR_RETURN(const auto warnings, ListConnectionEvents(transaction, earlier, {}));
  if (!warnings.empty()) return Status::Ok();
  Log(LogLevel::kWarn,
      "connection {} has failed {} times in a row: it will be disabled after {} failures over {} "
      "days",
      connection_id, failures.in_row, kDisableFailures, kDisableTime / kDay);
  return Tell(transaction, connection_id, kWarning,
              {{"failedJobs", failures.in_row},
               {"failingSinceEpochSeconds", failures.since / 1'000'000},
               {"disabledAfterJobs", kDisableFailures},
               {"disabledAfterDays", kDisableTime / kDay}},
              now);
}

Status Disable(SqlTransaction& transaction, const std::string& connection_id, int64_t now) {
  MR_ASSIGN_OR_RETURN(auto connection, FindConnection(transaction, connection_id));
  if (!connection || connection->status != "active") return Status::Ok();
  connection->status = "inactive";
  connection->next_run_at.reset();
  connection->updated_at = now;
  Json document = *connection->document;
  document["statusReason"] = kReason;
  connection->document = std::move(document);
  MR_RETURN_IF_ERROR(UpdateConnection(transaction, *connection).status());
  return Tell(transaction, connection_id, "CONNECTION_DISABLED", {{"disabledReason", kReason}},
              now);
}

}  // namespace

AutoDisable DecideAutoDisable(int64_t failed_in_row, int64_t micros_without_success) {
  if (failed_in_row >= kDisableFailures && micros_without_success >= kDisableTime) {
    return AutoDisable::kDisable;
  }
  const bool warn = failed_in_row >= kWarnFailures && micros_without_success >= kWarnTime;
  return warn ? AutoDisable::kWarn : AutoDisable::kNothing;
}

Status DisableIfOnlyFailing(SqlTransaction& transaction, const std::string& connection_id,
                            int64_t now) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(
          "SELECT count(*), min(created_at) FROM job WHERE connection_id = :1 AND "
          "status = 'failed' AND id > COALESCE((SELECT max(id) FROM job WHERE connection_id = :2 "
          "AND status = 'succeeded'), 0)",
          {connection_id, connection_id}));
  const Failures failures{rows.at(0).Integer(0), rows.at(0).IntegerOrNone(1).value_or(now)};
  switch (DecideAutoDisable(failures.in_row, now - failures.since)) {
    case AutoDisable::kNothing:
      return Status::Ok();
    case AutoDisable::kWarn:
      return Warn(transaction, connection_id, failures, now);
    case AutoDisable::kDisable:
      return Disable(transaction, connection_id, now);
  }
  return Status::Ok();
}

}  // namespace millrace
