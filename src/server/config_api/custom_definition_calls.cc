#include "server/config_api/custom_definition_calls.h"

#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/resources/resource_requirements.h"
#include "control/schema/sync_catalog.h"
#include "control/store/resource_requirements.h"
#include "server/config_api/definition_calls.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

constexpr const char* kResources = "resourceRequirements";
constexpr const char* kNeeded[] = {"name", "dockerRepository", "dockerImageTag"};
constexpr const char* kKept[] = {"name",           "dockerRepository",
                                 "dockerImageTag", "documentationUrl",
                                 "icon",           "resourceRequirements"};

}  // namespace

Json CustomDefinitionJson(const CustomDefinition& definition) {
  Json json{{DefinitionIdField(definition.kind), definition.id}};
  json.update(*definition.document);
  json["protocolVersion"] = "0.2.0";
  json["custom"] = true;
  json["supportLevel"] = "none";
  json["releaseStage"] = "custom";
  if (definition.kind == ConnectorType::kSource) json["sourceType"] = "custom";
  return json;
}

ApiReply CustomDefinitionCalls::Create(const Json& body) const {
  const std::string field = fmt::format("{}Definition", ToString(kind_));
  const Json& sent = FieldOf(body, field);
  for (const char* name : kNeeded) {
    if (TextOf(sent, name).empty()) {
      return Unprocessable(fmt::format("{}.{}", field, name),
                           fmt::format("a custom connector needs {}.{}", field, name));
    }
  }
  const Status allowed = CheckScopedRequirements(FieldOf(sent, kResources), kResources);
  if (!allowed.ok()) return Unprocessable(kResources, allowed.ToString());
  CustomDefinition definition;
  definition.id = RandomUuid();
  definition.kind = kind_;
  definition.created_at = services_.Now();
  Json document = Json::object();
  for (const char* name : kKept) {
    if (const Json& value = FieldOf(sent, name); !value.is_null()) document[name] = value;
  }
  definition.document = std::move(document);
  bool workspace_found = false;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
    workspace_found = workspace.has_value();
    if (!workspace) return Status::Ok();
    definition.workspace_id = workspace->id;
    return InsertCustomDefinition(transaction, definition);
  });
  if (!written.ok()) return Failure(written);
  if (!workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  return {200, CustomDefinitionJson(definition)};
}

ApiReply CustomDefinitionCalls::UpdateOwn(const CatalogueEntry& entry, const Json& body) const {
  const bool resources_only = body.contains(kResources) && TextOf(body, "name").empty() &&
                              (TextOf(body, "dockerImageTag").empty() ||
                               TextOf(body, "dockerImageTag") == entry.docker_image_tag);
  if (!resources_only) return NotCustom(entry.definition_id);
  const Status written = services_.database.Write([&](SqlTransaction& transaction) {
    return PutResources(transaction, entry.definition_id, FieldOf(body, kResources));
  });
  if (!written.ok()) return Failure(written);
  return DefinitionCalls(services_, kind_).Get({{DefinitionIdField(kind_), entry.definition_id}});
}

ApiReply CustomDefinitionCalls::NotCustom(const std::string& id) const {
  const CatalogueEntry* entry = FindDefinition(services_.catalogue, kind_, id);
  if (entry == nullptr) return NotFound(fmt::format("{} definition", ToString(kind_)), id);
  return Unprocessable(
      DefinitionIdField(kind_),
      fmt::format("{} comes with Millrace: it has one version and stays; its resourceRequirements "
                  "can be set",
                  entry->name));
}

ApiReply CustomDefinitionCalls::Update(const Json& body) const {
  const std::string id = TextOf(body, DefinitionIdField(kind_));
  const Status allowed = CheckScopedRequirements(FieldOf(body, kResources), kResources);
  if (!allowed.ok()) return Unprocessable(kResources, allowed.ToString());
  if (const auto* own = FindDefinition(services_.catalogue, kind_, id)) {
    return UpdateOwn(*own, body);
  }
  std::optional<CustomDefinition> definition;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(definition, FindCustomDefinition(transaction, kind_, id));
    if (!definition) return Status::Ok();
    Json document = *definition->document;
    for (const char* name : {"name", "dockerImageTag", "documentationUrl"}) {
      if (const std::string text = TextOf(body, name); !text.empty()) document[name] = text;
    }
    if (const Json& limits = FieldOf(body, kResources); limits.is_object()) {
      document[kResources] = limits;
    }
    definition->document = std::move(document);
    return UpdateCustomDefinition(transaction, *definition);
  });
  if (!written.ok()) return Failure(written);
  return definition ? ApiReply{200, CustomDefinitionJson(*definition)} : NotCustom(id);
}

ApiReply CustomDefinitionCalls::Delete(const Json& body) const {
  const std::string id = TextOf(body, DefinitionIdField(kind_));
  bool found = false;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto definition, FindCustomDefinition(transaction, kind_, id));
    found = definition.has_value();
    return found ? DeleteCustomDefinition(transaction, id) : Status::Ok();
  });
  if (!written.ok()) return Failure(written);
  return found ? NoContent() : NotCustom(id);
}

Status CantRunYet(const CustomDefinition& definition) {
  return ConfigError("{} is a container image ({}:{}): this version can't run those yet",
                     TextOf(*definition.document, "name"),
                     TextOf(*definition.document, "dockerRepository"),
                     TextOf(*definition.document, "dockerImageTag"));
}

}  // namespace millrace
