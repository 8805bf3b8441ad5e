#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "catalogue/catalogue.h"
#include "control/resources/end_resources.h"
#include "control/store/sql_database.h"
#include "protocol/json_field.h"

namespace millrace {

// What the owner of an id, an actor or a definition, may use: the API's {"default", "jobSpecific"},
// checked by who stores it. Within the caller's transaction.

/// null when nothing was said.
Result<JsonValue> FindResources(SqlTransaction& transaction, const std::string& owner_id);
/// Of all owners.
Result<std::map<std::string, JsonValue>> ListResources(SqlTransaction& transaction);
/// null: nothing is said any more.
Status PutResources(SqlTransaction& transaction, const std::string& owner_id,
                    const Json& resources);
/// What was said of a definition, a custom one's own words included; null when nothing was.
Result<JsonValue> FindDefinitionResources(SqlTransaction& transaction, ConnectorType kind,
                                          const std::string& definition_id);
/// What was said of an end and of its definition; `actor_id` is empty while it isn't stored.
Result<EndResources> FindEndResources(SqlTransaction& transaction, ConnectorType kind,
                                      const std::string& actor_id,
                                      const std::string& definition_id);

}  // namespace millrace
