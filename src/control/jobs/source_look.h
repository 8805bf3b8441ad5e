#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "control/connections/schema_service.h"
#include "control/jobs/job_service.h"
#include "control/logs/attempt_logs.h"
#include "control/store/sql_database.h"

namespace millrace {

/// A job that waits for a look at its source.
struct WaitingJob {
  int64_t id = 0;
  std::string connection_id;
};
/// The oldest first. Within the caller's transaction.
Result<std::vector<WaitingJob>> JobsToLookFor(SqlTransaction& transaction, int64_t limit);

/// The look at a connection's source that comes before a job's first attempt, in a thread of its
/// own, because asking a source for its streams takes seconds to minutes. What has changed there is
/// taken over as the connection wants it; a job whose connection that paused
/// fails, with an attempt that says why. When the source doesn't answer, the job goes on: its
/// attempt says what is wrong. Owned by JobWorker.
class SourceLook {
 public:
  struct Parts {
    SqlDatabase& database;
    const Clock& clock;
    const JobService& jobs;
    const SchemaService& schemas;
    AttemptLogs& logs;
  };

  /// Begins the thread. `on_end` is called from it.
  SourceLook(const Parts& parts, WaitingJob job, std::function<void()> on_end);

  int64_t job() const { return job_.id; }
  bool done() const { return done_; }

 private:
  void Run();

  const Parts parts_;
  const WaitingJob job_;
  const std::function<void()> on_end_;
  std::atomic<bool> done_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace millrace
