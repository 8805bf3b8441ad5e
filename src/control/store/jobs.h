#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/store/sql_database.h"
#include "control/store/workspaces.h"
#include "protocol/json_field.h"

namespace millrace {

/// Statuses of jobs that wait, run or are between two attempts; of those that ended; and the kinds
/// that move records.
inline const std::vector<std::string> kActiveJobs = {"pending", "running", "incomplete"};
inline const std::vector<std::string> kEndedJobs = {"succeeded", "failed", "cancelled"};
inline const std::vector<std::string> kSyncJobs = {"sync", "refresh"};

/// Something that a connection has to do, in one attempt or several. A plain value.
struct Job {
  int64_t id = 0;
  std::string connection_id;
  std::string config_type;  ///< sync, refresh, clear, reset_connection
  std::string status;       ///< pending, running, incomplete, failed, succeeded, cancelled
  JsonValue document;       ///< {"streams", "refreshMode", "scheduled", "userId", "cancelledBy"}
  bool cancel_asked = false;
  int64_t created_at = 0;  ///< microseconds since 1970 UTC, as all times here
  int64_t updated_at = 0;
  std::optional<int64_t> started_at;
  std::optional<int64_t> next_attempt_at;  ///< not before
};

/// One try of a job. A plain value.
struct Attempt {
  int64_t job_id = 0;
  int64_t number = 0;  ///< from 0
  std::string status;  ///< running, succeeded, failed
  int64_t fencing_token = 0;
  std::string worker;       ///< who runs it
  int64_t lease_until = 0;  ///< after that, another worker may take over
  JsonValue process;        ///< how the worker finds it again
  JsonValue document;  ///< {"totalStats", "streamStats", "failureSummary"}: the config API's words
  int64_t created_at = 0;
  int64_t updated_at = 0;
  std::optional<int64_t> ended_at;
};

/// Which jobs to list, the newest first. Empty: any.
struct JobFilter {
  std::vector<std::string> connection_ids;
  std::string workspace_id;
  std::vector<std::string> workspace_ids;  ///< one of these; none: any
  std::vector<std::string> config_types;
  std::vector<std::string> statuses;
  std::optional<int64_t> created_from, created_to;  ///< microseconds, both inclusive
  std::optional<int64_t> updated_from, updated_to;
  bool oldest_first = false;
  bool by_update = false;  ///< in the order of updated_at, else of created_at
};

// Within the caller's transaction.

/// The next value of a counter ("job"), from 1. Given out once.
Result<int64_t> NextNumber(SqlTransaction& transaction, const std::string& counter);

/// Grows with each attempt and edit of a state, over all connections. It is taken from the clock
/// (`now`: microseconds), so that it grows also for tables that another installation, or
/// `millrace sync`, has written.
Result<int64_t> NextFencingToken(SqlTransaction& transaction, int64_t now);

/// Gives the job its id. IsDuplicateKey: the connection has an active one.
Status InsertJob(SqlTransaction& transaction, Job* job);
Result<std::optional<Job>> FindJob(SqlTransaction& transaction, int64_t id);
/// Those that are there, in no order.
Result<std::vector<Job>> FindJobs(SqlTransaction& transaction, const std::vector<int64_t>& ids);
Result<std::vector<Job>> ListJobs(SqlTransaction& transaction, const JobFilter& filter,
                                  const Page& page);
Result<int64_t> CountJobs(SqlTransaction& transaction, const JobFilter& filter);
/// The one that is pending, running or incomplete.
Result<std::optional<Job>> ActiveJob(SqlTransaction& transaction, const std::string& connection_id);
/// Status, document, times, cancel_asked. False: its status is no longer `from`; nothing changed.
Result<bool> UpdateJob(SqlTransaction& transaction, const Job& job, const std::string& from);

Status InsertAttempt(SqlTransaction& transaction, const Attempt& attempt);
Result<std::vector<Attempt>> AttemptsOf(SqlTransaction& transaction, int64_t job_id);
/// By the id of their job.
Result<std::map<int64_t, std::vector<Attempt>>> AttemptsOfJobs(SqlTransaction& transaction,
                                                               const std::vector<int64_t>& jobs);
/// All but its key, worker and token. False: another worker took it over (the token differs).
Result<bool> UpdateAttempt(SqlTransaction& transaction, const Attempt& attempt);

}  // namespace millrace
