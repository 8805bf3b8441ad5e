#include "control/connections/destination_modes.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"

namespace millrace {

Result<std::vector<std::string>> DestinationModesOf(SqlTransaction& transaction,
                                                    const Definitions& definitions,
                                                    const std::string& definition_id) {
  MR_ASSIGN_OR_RETURN(const auto definition,
                      definitions.Find(transaction, ConnectorType::kDestination, definition_id));
  if (!definition || !definition->spec) return std::vector<std::string>();
  return FieldPathOf(FieldOf(**definition->spec, "supported_destination_sync_modes"));
}

}  // namespace millrace
