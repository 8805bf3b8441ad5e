#include "control/store/resource_requirements.h"

#include <nlohmann/json.hpp>

#include "control/store/definitions.h"

namespace millrace {

Result<JsonValue> FindResources(SqlTransaction& transaction, const std::string& owner_id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT document FROM resource_requirement WHERE owner_id = :1",
                        {owner_id}));
  return JsonValue(rows.empty() ? Json() : Json::parse(rows.front().Text(0)));
}

Result<std::map<std::string, JsonValue>> ListResources(SqlTransaction& transaction) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query("SELECT owner_id, document FROM resource_requirement", {}));
  std::map<std::string, JsonValue> found;
  for (const SqlRow& row : rows) found.emplace(row.Text(0), Json::parse(row.Text(1)));
  return found;
}

Status PutResources(SqlTransaction& transaction, const std::string& owner_id,
                    const Json& resources) {
  if (resources.is_null()) {
    return transaction.Execute("DELETE FROM resource_requirement WHERE owner_id = :1", {owner_id})
        .status();
  }
  return transaction
      .Execute(
          "INSERT INTO resource_requirement (owner_id, document) VALUES (:1, :2) "
          "ON CONFLICT (owner_id) DO UPDATE SET document = excluded.document",
          {owner_id, resources.dump()})
      .status();
}

Result<JsonValue> FindDefinitionResources(SqlTransaction& transaction, ConnectorType kind,
                                          const std::string& definition_id) {
  MR_ASSIGN_OR_RETURN(JsonValue found, FindResources(transaction, definition_id));
  if (!found->is_null()) return found;
  MR_ASSIGN_OR_RETURN(const auto custom, FindCustomDefinition(transaction, kind, definition_id));
  return JsonValue(custom ? custom->document->value("resourceRequirements", Json()) : Json());
}

Result<EndResources> FindEndResources(SqlTransaction& transaction, ConnectorType kind,
                                      const std::string& actor_id,
                                      const std::string& definition_id) {
  EndResources resources;
  MR_ASSIGN_OR_RETURN(resources.actor, FindResources(transaction, actor_id));
  MR_ASSIGN_OR_RETURN(resources.definition,
                      FindDefinitionResources(transaction, kind, definition_id));
  return resources;
}

}  // namespace millrace
