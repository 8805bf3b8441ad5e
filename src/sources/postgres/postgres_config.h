#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "clients/postgres/pg_options.h"

namespace millrace {

/// How the changes of incremental streams are found.
enum class ReplicationMethod {
  kStandard,  ///< by a column that the user chose
  kXmin,      ///< by the transaction ids of rows
};

/// source-postgres's configuration, checked. A plain value; holds secrets.
struct PostgresConfig {
  PgOptions connection;
  /// Empty: every schema that is not the system's.
  std::vector<std::string> schemas;
  bool check_privileges = true;
  ReplicationMethod method = ReplicationMethod::kStandard;
  /// How often a long read makes a checkpoint.
  std::chrono::seconds checkpoint_interval{300};
  /// At once, of all threads together.
  int max_connections = 32;
};

/// From Airbyte's connectionConfiguration; registers its secrets. Unknown keys are accepted. Config
/// errors name the field, also for what comes later (CDC, Entra).
Result<PostgresConfig> PostgresConfigFromJson(const Json& json);

}  // namespace millrace
