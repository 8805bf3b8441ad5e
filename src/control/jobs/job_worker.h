#pragma once

#include <condition_variable>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "catalogue/catalogue.h"
#include "control/jobs/attempt_run.h"
#include "control/jobs/job_service.h"
#include "control/jobs/source_look.h"
#include "control/secrets/secret_box.h"

namespace millrace {

/// Runs jobs: makes those that connections' schedules want, takes on due ones, runs their attempts
/// (AttemptRun), and gives up what lost its worker. One per server or worker, over its data folder;
/// any number of them share a metadata database. Whatever it does, it finds in the database again
/// after a crash: nothing that counts is only in its memory.
class JobWorker {
 public:
  struct Options {
    std::filesystem::path data_dir;  ///< where it keeps its name
    int attempts_max = 0;            ///< at once; 0: the number of cores
    int per_source_max = 0;          ///< jobs of one source at once, over all workers; 0: any
    SilenceLimits silence;
    DefaultResources resources;  ///< what attempts may use when nobody else says so
    std::chrono::seconds lease{60};
  };
  /// All outlive it.
  struct Parts {
    SqlDatabase& database;
    const SecretBox& box;
    const Definitions& definitions;
    const Clock& clock;
    JobService& jobs;
    AttemptLauncher& launcher;
    AttemptLogs& logs;
    MovedTotals* moved = nullptr;  ///< for /metrics
    /// Keeps connections in step with their sources before each sync; null: nobody does.
    const SchemaService* schemas = nullptr;
  };

  /// Finds the attempts that an earlier process left, ends those that are gone, and begins to work.
  static Result<std::unique_ptr<JobWorker>> Start(const Parts& parts, const Options& options);
  /// As Stop, without waiting.
  ~JobWorker();

  /// Look for work now, rather than within a second. From any thread.
  void Wake();
  /// Takes nothing new on; waits for the attempts whose streams have all ended, `limit` at most.
  /// The others run on, and are found by the next process over this data folder.
  void Stop(std::chrono::milliseconds limit);

 private:
  JobWorker(const Parts& parts, const Options& options, std::string name);

  Status FindLeft();
  void Loop(const std::stop_token& stop);
  void LookAround();
  void Reap();
  void CancelAsked();
  void LookAtSources();
  void ClaimDue();
  void EndLost();
  void Begin(AttemptClaim claim);
  void EndAtOnce(const AttemptClaim& claim, const Status& why,
                 FailureOrigin origin = FailureOrigin::kPlatform);
  bool Runs(const AttemptId& id) const;
  AttemptRunParts RunParts();
  int64_t Now() const { return parts_.clock.WallNow().time_since_epoch().count(); }

  const Parts parts_;
  const Options options_;
  const std::string name_;
  std::list<SourceLook> looks_;  // of the loop's thread; of Stop's once that has ended
  std::list<AttemptRun> runs_;   // of the loop's thread; of Stop's once that has ended
  SteadyTime next_lost_;
  bool said_trouble_ = false;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool wake_ = false;  // guarded by mutex_
  std::jthread loop_;
};

}  // namespace millrace
