#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>

#include "control/connections/schema_service.h"
#include "control/jobs/job_worker.h"
#include "server/attempts/attempt_endpoint.h"
#include "server/attempts/attempt_https.h"

namespace millrace {

/// The part of a server, and all of a worker, that runs jobs: attempts' processes and who looks
/// after them. Owned by the server's or worker's main thread.
class WorkerHost {
 public:
  /// What it works with; all of it outlives it.
  struct Stores {
    SqlDatabase& database;
    const SecretBox& box;
    const Definitions& definitions;
    AttemptLogs& logs;
    JobService& jobs;
    LimitKeeper& limits;
    const ProbeRunner& probes;
    ConnectorRules rules;                        ///< what connectors may touch
    DefaultResources resources = {};             ///< complete: with the environment's
    MovedTotals* moved = nullptr;                ///< counts what was done, for /metrics
    std::filesystem::path attempt_program = {};  ///< empty: AttemptProgram()
    AttemptHttps attempt_https = {};             ///< how attempts talk to it
  };

  /// Begins to run jobs. MAX_SYNC_WORKERS says how many at once (default: one a core),
  /// MILLRACE_MAX_JOBS_PER_SOURCE how many of one source over all workers (default: any),
  /// MILLRACE_SOURCE_SILENCE_SECONDS how long a source may be silent (default: 10800),
  /// MILLRACE_DESTINATION_TIMEOUT_SECONDS how long a destination may take for one write or commit
  /// (default: 86400), MILLRACE_LEASE_SECONDS after how long attempts of a worker that is not heard
  /// of are given up (default: 60, from 10 to 1800). The caller holds the lock of the data folder.
  static Result<std::unique_ptr<WorkerHost>> Start(const Stores& stores,
                                                   const std::filesystem::path& data_dir);
  ~WorkerHost();

  /// See JobWorker.
  void Stop(std::chrono::milliseconds limit);

 private:
  explicit WorkerHost(const Stores& stores);

  JobService& jobs_;
  std::stop_source stop_;  // of discoveries that are under way
  const SchemaService schemas_;
  std::unique_ptr<AttemptLauncher> launcher_;
  std::unique_ptr<AttemptEndpoint> endpoint_;  // null: attempts talk over sockets
  std::unique_ptr<JobWorker> worker_;
};

/// The connectors that a server or worker over that data folder can run: installed ones lie below
/// it, or where MILLRACE_CONNECTORS_DIR says.
Definitions DefinitionsOf(const std::filesystem::path& data_dir, bool allow_custom_commands);

}  // namespace millrace
