#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "clients/postgres/pg_connection.h"
#include "sources/postgres/table.h"

namespace millrace {

/// What to look for.
struct DiscoveryScope {
  /// Empty: every schema that is not the system's.
  std::vector<std::string> schemas;
  /// Leave out what the user may not read.
  bool check_privileges = true;
};

/// Every readable relation of the scope with its columns, keys, pages and leaves: five queries,
/// however many tables there are. Sorted by schema and name.
Result<std::vector<PostgresTable>> DiscoverTables(PgConnection& connection,
                                                  const DiscoveryScope& scope,
                                                  std::stop_token stop = {});

}  // namespace millrace
