#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/stream_descriptor.h"
#include "control/store/connections.h"
#include "control/store/jobs.h"
#include "control/store/sql_database.h"

namespace millrace {

/// What somebody wants a connection to do. A plain value.
struct JobRequest {
  std::string connection_id;
  std::string config_type = "sync";  ///< sync, refresh, clear, reset_connection
  /// Of a refresh, clear or reset: these only; empty: all that the connection has selected.
  std::vector<StreamDescriptor> streams;
  std::string refresh_mode = "Truncate";  ///< of a refresh; or Merge: rows stay until they are read
  std::string user_id;                    ///< who asked; empty: nobody who signed in
  bool scheduled = false;                 ///< nobody asked: it was due
};

/// A job and all that became of it so far.
struct JobWithAttempts {
  Job job;
  std::vector<Attempt> attempts;  ///< in their order
};

/// What a request for a job came to. `message` is one line for the person.
struct JobCreation {
  enum class Outcome {
    kCreated,
    kNoConnection,  ///< 404
    kInactive,      ///< 409: it is paused, or locked
    kBusy,          ///< 409: `job` is the one under way
    kUnknownStream  ///< 422: a stream that the connection has not selected
  };
  Outcome outcome = Outcome::kCreated;
  std::string message;
  JobWithAttempts job;
};

/// Makes jobs, ends them early and reads them: what both APIs and the scheduler call. Running them
/// is JobWorker's. Thread-safe. Jobs may come from any server on the same database.
class JobService {
 public:
  /// Both outlive it.
  JobService(SqlDatabase& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// Called after a job was made or is to be cancelled, from that thread; must not block: wakes the
  /// worker and the scheduler of this process, which otherwise look once a second.
  void set_listener(std::function<void()> listener) {
    std::lock_guard lock(mutex_);
    listener_ = std::move(listener);
  }
  /// Also for who changed a connection's schedule.
  void Wake() const {
    std::lock_guard lock(mutex_);
    if (listener_) listener_();
  }

  /// A job has ended: for who waits in Cancel. Without it they look ten times a second.
  void TellEnded() const { ended_.notify_all(); }

  /// Makes a job, unless the connection has an active one. A sync that somebody asks for while the
  /// schedule's own first one, which the creation of the connection has just set off, is active is
  /// that one (once).
  Result<JobCreation> Create(const JobRequest& request) const;

  /// Ends a job that nothing came of yet; one with a running attempt ends within 3 s, for which
  /// this waits (`limit` at most). A finished job is left as it is. Empty: there is none.
  /// `user_id`: who wants that, for the timeline.
  Result<std::optional<JobWithAttempts>> Cancel(
      int64_t id, const std::string& user_id,
      std::chrono::milliseconds limit = std::chrono::seconds(5)) const;
  /// The same for the connection's active job, if any, without waiting: for who deletes it. Within
  /// the caller's transaction; call Wake after it.
  Status CancelActive(SqlTransaction& transaction, const std::string& connection_id,
                      const std::string& user_id) const;
  /// The same for all connections that the filter finds.
  Status CancelActiveOf(SqlTransaction& transaction, const ConnectionFilter& filter,
                        const std::string& user_id) const;

  Result<std::optional<JobWithAttempts>> Find(int64_t id) const;

 private:
  Result<JobCreation> CreateIn(SqlTransaction& transaction, const JobRequest& request) const;
  Status CancelIn(SqlTransaction& transaction, Job job, const std::string& user_id) const;
  int64_t Now() const { return clock_.WallNow().time_since_epoch().count(); }

  SqlDatabase& database_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::function<void()> listener_;  // guarded by mutex_
  mutable std::condition_variable ended_;
};

/// The job with its attempts, within the caller's transaction.
Result<std::optional<JobWithAttempts>> FindJobWithAttempts(SqlTransaction& transaction, int64_t id);

}  // namespace millrace
