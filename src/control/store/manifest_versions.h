#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/store/sql_database.h"
#include "protocol/json_field.h"

namespace millrace {

/// A version of a custom source's low-code manifest; the one that runs stands in its definition,
/// too. A plain value.
struct ManifestVersion {
  std::string definition_id;
  int64_t version = 1;
  JsonValue document;      ///< {"manifest", "description"}
  int64_t created_at = 0;  ///< microseconds since 1970 UTC
};

// Within the caller's transaction.

/// In their order.
Result<std::vector<ManifestVersion>> ListManifestVersions(SqlTransaction& transaction,
                                                          const std::string& definition_id);
/// Replaces the one of that number.
Status PutManifestVersion(SqlTransaction& transaction, const ManifestVersion& version);

}  // namespace millrace
