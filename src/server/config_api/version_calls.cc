#include "server/config_api/version_calls.h"

#include <nlohmann/json.hpp>

#include "server/config_api/definition_calls.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

const CatalogueEntry* EntryOf(const Catalogue& catalogue, const std::string& id) {
  const CatalogueEntry* source = FindDefinition(catalogue, ConnectorType::kSource, id);
  return source != nullptr ? source : FindDefinition(catalogue, ConnectorType::kDestination, id);
}

}  // namespace

ApiReply VersionCalls::WithEntry(ConnectorType kind, const Json& body,
                                 const std::function<ApiReply(const CatalogueEntry&)>& then) const {
  const std::string id = TextOf(body, fmt::format("{}Id", ToString(kind)));
  std::optional<Actor> actor;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(actor, FindActor(transaction, kind, id));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!actor) return NotFound(ToString(kind), id);
  const CatalogueEntry* entry = FindDefinition(services_.catalogue, kind, actor->definition_id);
  if (entry == nullptr) {
    return NotFound(fmt::format("{} definition", ToString(kind)), actor->definition_id);
  }
  return then(*entry);
}

ApiReply VersionCalls::GetForSource(const Json& body) const {
  return WithEntry(ConnectorType::kSource, body, [](const CatalogueEntry& entry) {
    return ApiReply{200, DefinitionVersionJson(entry)};
  });
}

ApiReply VersionCalls::GetForDestination(const Json& body) const {
  return WithEntry(ConnectorType::kDestination, body, [](const CatalogueEntry& entry) {
    return ApiReply{200, DefinitionVersionJson(entry)};
  });
}

ApiReply VersionCalls::GetDefault(const Json& body) const {
  const std::string id = TextOf(body, "actorDefinitionId");
  const CatalogueEntry* entry = EntryOf(services_.catalogue, id);
  return entry == nullptr ? NotFound("definition", id)
                          : ApiReply{200, DefinitionVersionJson(*entry)};
}

ApiReply VersionCalls::Resolve(const Json& body) const {
  const std::string id = TextOf(body, "actorDefinitionId"), tag = TextOf(body, "dockerImageTag");
  const CatalogueEntry* entry = EntryOf(services_.catalogue, id);
  if (entry == nullptr) return NotFound("definition", id);
  if (tag != entry->docker_image_tag) {
    return NotFound(fmt::format("version {} of {}", tag, entry->name), id);
  }
  return {200, Json{{"versionId", id},
                    {"dockerRepository", entry->docker_repository},
                    {"dockerImageTag", entry->docker_image_tag},
                    {"supportRefreshes", true},
                    {"supportFileTransfer", false},
                    {"supportDataActivation", false}}};
}

ApiReply VersionCalls::SpecificationForSource(const Json& body) const {
  return WithEntry(ConnectorType::kSource, body, [this](const CatalogueEntry& entry) {
    return DefinitionCalls(services_, ConnectorType::kSource)
        .GetSpecification({{"sourceDefinitionId", entry.definition_id}});
  });
}

ApiReply VersionCalls::SpecificationForDestination(const Json& body) const {
  return WithEntry(ConnectorType::kDestination, body, [this](const CatalogueEntry& entry) {
    return DefinitionCalls(services_, ConnectorType::kDestination)
        .GetSpecification({{"destinationDefinitionId", entry.definition_id}});
  });
}

ApiReply VersionCalls::UpgradeSource(const Json& body) const {
  return WithEntry(ConnectorType::kSource, body, [](const CatalogueEntry&) { return NoContent(); });
}

ApiReply VersionCalls::UpgradeDestination(const Json& body) const {
  return WithEntry(ConnectorType::kDestination, body,
                   [](const CatalogueEntry&) { return NoContent(); });
}

ApiReply VersionCalls::Documentation(const Json& body) const {
  const std::string id = TextOf(body, "actorDefinitionId");
  const CatalogueEntry* entry = EntryOf(services_.catalogue, id);
  if (entry == nullptr) return NotFound("definition", id);
  return {404, Json{{"id", id},
                    {"message", fmt::format("the documentation of {} is not kept here; read {}",
                                            entry->display_name, entry->documentation_url)}}};
}

}  // namespace millrace
