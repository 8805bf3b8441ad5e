#include "server/config_api/connection_status.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"
#include "control/store/latest_jobs.h"

namespace millrace {
namespace {

bool IsClear(const Job& job) { return job.config_type != "sync" && job.config_type != "refresh"; }

}  // namespace

Result<std::map<std::string, ConnectionJobs>> JobsOfConnections(
    SqlTransaction& transaction, const std::vector<std::string>& connection_ids) {
  std::map<std::string, ConnectionJobs> jobs;
  MR_ASSIGN_OR_RETURN(auto active, LatestJobs(transaction, connection_ids, {}, kActiveJobs));
  MR_ASSIGN_OR_RETURN(auto ended, LatestJobs(transaction, connection_ids, {}, kEndedJobs));
  MR_ASSIGN_OR_RETURN(auto syncs, LatestJobs(transaction, connection_ids, kSyncJobs, {}));
  MR_ASSIGN_OR_RETURN(auto successes,
                      LatestJobs(transaction, connection_ids, kSyncJobs, {"succeeded"}));
  for (auto& [id, job] : active) jobs[id].active = std::move(job);
  for (auto& [id, job] : ended) jobs[id].last = std::move(job);
  for (auto& [id, job] : syncs) jobs[id].last_sync = std::move(job);
  for (auto& [id, job] : successes) jobs[id].last_success = std::move(job);
  return jobs;
}

std::string SyncStatusOf(const Connection& connection, const ConnectionJobs& jobs,
                         bool config_error) {
  if (jobs.active) return jobs.active->status == "pending" ? "queued" : "running";
  const bool failed = jobs.last && jobs.last->status == "failed";
  if (FieldOf(*connection.document, "breakingChange") == true || (failed && config_error)) {
    return "failed";
  }
  if (connection.status != "active") return "paused";
  if (!jobs.last) return "pending";
  if (jobs.last->status != "succeeded") return "incomplete";
  return IsClear(*jobs.last) ? "pending" : "synced";
}

std::string HealthOf(const Connection& connection, const ConnectionJobs& jobs) {
  if (jobs.active) return jobs.active->status == "pending" ? "queued" : "running";
  if (connection.status != "active") return "paused";
  if (!jobs.last || (jobs.last->status == "succeeded" && IsClear(*jobs.last))) return "notSynced";
  return jobs.last->status == "succeeded" ? "healthy" : "failed";
}

Result<Json> FailureOf(SqlTransaction& transaction, const Job& job) {
  MR_ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(transaction, job.id));
  if (attempts.empty()) return Json();
  const Json& failures = FieldOf(FieldOf(*attempts.back().document, "failureSummary"), "failures");
  return failures.is_array() && !failures.empty() ? failures.front() : Json();
}

}  // namespace millrace
