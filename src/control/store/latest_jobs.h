#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/store/jobs.h"
#include "control/store/sql_database.h"

namespace millrace {

/// The newest job of each of these connections, by its id, among those of these types and in these
/// states (empty: any); connections without one are left out. One statement, quick for a page of
/// connections with any number of jobs. Within the caller's transaction.
Result<std::map<std::string, Job>> LatestJobs(SqlTransaction& transaction,
                                              const std::vector<std::string>& connection_ids,
                                              const std::vector<std::string>& config_types,
                                              const std::vector<std::string>& statuses);

}  // namespace millrace
