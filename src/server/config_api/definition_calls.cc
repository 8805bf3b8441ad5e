#include "server/config_api/definition_calls.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "control/store/resource_requirements.h"
#include "server/config_api/custom_definition_calls.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

/// Airbyte's enumeration; connectors of other kinds have none.
constexpr std::string_view kSourceTypes[] = {"api", "file", "database"};

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
  const bool source_type = std::ranges::find(kSourceTypes, entry.subtype) != std::end(kSourceTypes);
  if (kind == ConnectorType::kSource && source_type) json["sourceType"] = entry.subtype;
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

Json DefinitionVersionJson(const Definition& definition) {
  return {{"dockerRepository", definition.docker_repository},
          {"dockerImageTag", definition.docker_image_tag},
          {"supportsRefreshes", true},
          {"isVersionOverrideApplied", false},
          {"supportLevel", definition.support_level},
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
  for (const CatalogueEntry& entry : services_.definitions.catalogue().entries()) {
    if (entry.type == kind_) list.push_back(DefinitionJson(entry, kind_, resources));
  }
  return {200, Json{{fmt::format("{}Definitions", ToString(kind_)), std::move(list)}}};
}

ApiReply DefinitionCalls::Get(const Json& body) const {
  const std::string id = TextOf(body, DefinitionIdField(kind_));
  const CatalogueEntry* entry = FindDefinition(services_.definitions.catalogue(), kind_, id);
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

ApiReply DefinitionCalls::GetSpecification(const Json& body) const {
  const std::string id = TextOf(body, DefinitionIdField(kind_));
  const auto found = services_.definitions.Find(services_.database, kind_, id);
  if (!found.ok()) return Failure(found.status());
  if (!*found) return NotFound(fmt::format("{} definition", ToString(kind_)), id);
  const Definition& definition = **found;
  if (!definition.spec) {
    return Failure(definition.startable.ok()
                       ? SystemError("the specification of {} is not known", definition.name)
                       : definition.startable);
  }
  Json reply = **definition.spec;
  if (const auto modes = reply.find("supported_destination_sync_modes"); modes != reply.end()) {
    reply["supportedDestinationSyncModes"] = *modes;  // Airbyte's; the other is the protocol's
  }
  reply[DefinitionIdField(kind_)] = id;
  if (!definition.documentation_url.empty()) {
    reply["documentationUrl"] = definition.documentation_url;
  }
  reply["jobInfo"] = {{"configType", "get_spec"}, {"succeeded", true}};
  return {200, std::move(reply)};
}

}  // namespace millrace
