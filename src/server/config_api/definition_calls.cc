#include "server/config_api/definition_calls.h"

#include <nlohmann/json.hpp>

#include "control/store/resource_requirements.h"
#include "server/config_api/custom_definition_calls.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

Json DefinitionJson(const CatalogueEntry& entry, ConnectorType kind,
                    const std::map<std::string, JsonValue>& resources) {
  Json json{{DefinitionIdField(kind), entry.definition_id},
            {"name", entry.display_name},
            {"dockerRepository", entry.docker_repository},
            {"dockerImageTag", entry.docker_image_tag},
            {"documentationUrl", entry.documentation_url},
            {"protocolVersion", "0.2.0"},
            {"custom", false},
            {"supportLevel", entry.support_level.empty() ? "none" : entry.support_level}};
  if (!entry.release_stage.empty()) json["releaseStage"] = entry.release_stage;
  if (const auto own = resources.find(entry.definition_id); own != resources.end()) {
    json["resourceRequirements"] = *own->second;
  }
  return json;
}

}  // namespace

std::string DefinitionIdField(ConnectorType kind) {
  return fmt::format("{}DefinitionId", ToString(kind));
}

const CatalogueEntry* FindDefinition(const Catalogue& catalogue, ConnectorType kind,
                                     const std::string& id) {
  for (const CatalogueEntry& entry : catalogue.entries()) {
    if (entry.type == kind && entry.definition_id == id) return &entry;
  }
  return nullptr;
}

Json DefinitionVersionJson(const CatalogueEntry& entry) {
  return {{"dockerRepository", entry.docker_repository},
          {"dockerImageTag", entry.docker_image_tag},
          {"supportsRefreshes", true},
          {"isVersionOverrideApplied", false},
          {"supportLevel", entry.support_level.empty() ? "none" : entry.support_level},
          {"supportState", "supported"},
          {"supportsFileTransfer", false},
          {"supportsDataActivation", false}};
}

ApiReply DefinitionCalls::List(const Json& body) const {
  Json list = Json::array();
  bool workspace_found = true;
  std::map<std::string, JsonValue> resources;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    list = Json::array();
    std::string workspace_id;
    if (!TextOf(body, "workspaceId").empty()) {
      MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
      workspace_found = workspace.has_value();
      if (workspace) workspace_id = workspace->id;
    }
    MR_ASSIGN_OR_RETURN(const auto custom, ListCustomDefinitions(transaction, kind_, workspace_id));
    for (const CustomDefinition& definition : custom) {
      list.push_back(CustomDefinitionJson(definition));
    }
    MR_ASSIGN_OR_RETURN(resources, ListResources(transaction));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  for (const CatalogueEntry& entry : services_.catalogue.entries()) {
    if (entry.type == kind_) list.push_back(DefinitionJson(entry, kind_, resources));
  }
  return {200, Json{{fmt::format("{}Definitions", ToString(kind_)), std::move(list)}}};
}

ApiReply DefinitionCalls::Get(const Json& body) const {
  const std::string id = TextOf(body, DefinitionIdField(kind_));
  const CatalogueEntry* entry = FindDefinition(services_.catalogue, kind_, id);
  std::optional<CustomDefinition> custom;
  std::map<std::string, JsonValue> resources;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(custom, FindCustomDefinition(transaction, kind_, id));
    MR_ASSIGN_OR_RETURN(resources, ListResources(transaction));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (entry != nullptr) return {200, DefinitionJson(*entry, kind_, resources)};
  if (!custom) return NotFound(fmt::format("{} definition", ToString(kind_)), id);
  return {200, CustomDefinitionJson(*custom)};
}

ApiReply DefinitionCalls::NoSpecificationOf(const std::string& id) const {
  std::optional<CustomDefinition> custom;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(custom, FindCustomDefinition(transaction, kind_, id));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (custom) return Failure(CantRunYet(*custom));
  return NotFound(fmt::format("{} definition", ToString(kind_)), id);
}

ApiReply DefinitionCalls::GetSpecification(const Json& body) const {
  const std::string id = TextOf(body, DefinitionIdField(kind_));
  const CatalogueEntry* entry = FindDefinition(services_.catalogue, kind_, id);
  if (entry == nullptr) return NoSpecificationOf(id);
  const auto spec = BuiltinSpec(entry->name);
  if (!spec.ok()) return Failure(spec.status());
  Json reply = *spec;
  if (const auto modes = reply.find("supported_destination_sync_modes"); modes != reply.end()) {
    reply["supportedDestinationSyncModes"] = *modes;  // Airbyte's; the other is the protocol's
  }
  reply[DefinitionIdField(kind_)] = id;
  reply["documentationUrl"] = entry->documentation_url;
  reply["jobInfo"] = {{"configType", "get_spec"}, {"succeeded", true}};
  return {200, std::move(reply)};
}

}  // namespace millrace
