#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "control/store/sql_database.h"
#include "protocol/json_field.h"

namespace millrace {

/// What a source offered when it was asked. A plain value.
struct DiscoveredCatalog {
  std::string id;
  std::string source_id;
  /// Of the configuration and the connector's version that it was asked with.
  std::string configuration_hash;
  JsonValue catalog;       ///< the protocol's: {"streams": [{"name", "json_schema" …}]}
  int64_t created_at = 0;  ///< microseconds since 1970 UTC
};

// Within the caller's transaction.

Result<std::optional<DiscoveredCatalog>> FindDiscoveredCatalog(SqlTransaction& transaction,
                                                               const std::string& id);
/// The source's newest one. `configuration_hash`: of that configuration only; empty: any.
Result<std::optional<DiscoveredCatalog>> LatestDiscoveredCatalog(
    SqlTransaction& transaction, const std::string& source_id,
    const std::string& configuration_hash);
/// Keeps it, and forgets the source's oldest beyond a hundred.
Status InsertDiscoveredCatalog(SqlTransaction& transaction, const DiscoveredCatalog& catalog);

}  // namespace millrace
