#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "control/logs/log_storage.h"
#include "control/store/sql_database.h"

namespace millrace {

/// How long what is kept of the past. A plain value.
struct RetentionRules {
  std::chrono::seconds jobs = std::chrono::months(6);
  std::chrono::seconds events = std::chrono::months(18);
  std::chrono::seconds catalogs = std::chrono::days(7);
  std::chrono::seconds logs = std::chrono::days(30);
  int64_t log_bytes = int64_t{5} << 30;  ///< of all together
};

/// Deletes what is older than the rules say: jobs with their attempts and stream statuses, timeline
/// events, catalogs that a newer discovery replaced and no connection names, logs (also the oldest
/// when all together are too large).
///
/// Never an active job, the newest job of a connection or its newest successful one, nor the log of
/// an attempt that runs. In small steps, so that nobody waits for it: a killed one leaves nothing
/// half deleted, and several servers may do it at once. One thread.
class Retention {
 public:
  /// So many rows are deleted in a transaction.
  static constexpr int64_t kRowsMax = 200;

  /// All outlive it.
  Retention(SqlDatabase& database, LogStorage& logs, const Clock& clock,
            const RetentionRules& rules)
      : database_(database), logs_(logs), clock_(clock), rules_(rules) {}

  struct Deleted {
    int64_t jobs = 0;
    int64_t events = 0;
    int64_t catalogs = 0;
    int64_t logs = 0;
  };
  /// Deletes all that is due now; kCanceled when it is stopped in between. What was deleted until
  /// then is added to `deleted`.
  Status Prune(const std::stop_token& stop, Deleted* deleted);

 private:
  int64_t Before(std::chrono::seconds age) const;
  Result<int64_t> PruneJobs(SqlTransaction& transaction) const;
  Status PruneLogs(const std::stop_token& stop, int64_t* deleted);

  SqlDatabase& database_;
  LogStorage& logs_;
  const Clock& clock_;
  const RetentionRules rules_;
};

}  // namespace millrace
