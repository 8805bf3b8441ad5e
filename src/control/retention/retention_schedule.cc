#include "control/retention/retention_schedule.h"

#include "base/log.h"

namespace millrace {

RetentionSchedule::RetentionSchedule(Retention retention)
    : retention_(retention), thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void RetentionSchedule::Run(const std::stop_token& stop) {
  std::chrono::seconds wait = kFirst;
  while (!stop.stop_requested()) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, wait, [] { return false; });
    wait = kInterval;
    if (stop.stop_requested()) return;
    Retention::Deleted deleted;
    const Status status = retention_.Prune(stop, &deleted);
    if (deleted.jobs + deleted.events + deleted.catalogs + deleted.logs > 0) {
      Log(LogLevel::kInfo,
          "deleted what is past its time: {} jobs, {} events, {} catalogs, {} logs", deleted.jobs,
          deleted.events, deleted.catalogs, deleted.logs);
    }
    if (status.failed()) {
      Log(LogLevel::kWarn, "deleting what is past its time (again in an hour): {}",
          status.ToString());
    }
  }
}

}  // namespace millrace
