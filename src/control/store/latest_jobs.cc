#include "control/store/latest_jobs.h"

#include "control/store/sql_condition.h"

namespace millrace {

Result<std::map<std::string, Job>> LatestJobs(SqlTransaction& transaction,
                                              const std::vector<std::string>& connection_ids,
                                              const std::vector<std::string>& config_types,
                                              const std::vector<std::string>& statuses) {
  std::map<std::string, Job> latest;
  if (connection_ids.empty()) return latest;
  SqlCondition wanted(transaction);
  wanted.AndIn("job.config_type", config_types);
  wanted.AndIn("job.status", statuses);
  const std::string condition = wanted.text();
  wanted.AndIn("connection.id", connection_ids);
  const std::string of_connections = wanted.text().substr(condition.size());
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(fmt::format("SELECT (SELECT job.id FROM job WHERE job.connection_id = "
                                    "connection.id{} ORDER BY job.id DESC LIMIT 1) FROM connection "
                                    "WHERE 1 = 1{}",
                                    condition, of_connections),
                        wanted.parameters()));
  std::vector<int64_t> ids;
  for (const SqlRow& row : rows) {
    if (!row.IsNull(0)) ids.push_back(row.Integer(0));
  }
  MR_ASSIGN_OR_RETURN(const auto jobs, FindJobs(transaction, ids));
  for (const Job& job : jobs) latest.emplace(job.connection_id, job);
  return latest;
}

}  // namespace millrace
