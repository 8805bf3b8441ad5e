#include "server/config_api/version_calls.h"

#include <nlohmann/json.hpp>

#include "server/config_api/definition_calls.h"
#include "server/config_api/request_fields.h"

namespace millrace {
Result<std::optional<Definition>> VersionCalls::Asked(const Json& body) const {
  const std::string id = TextOf(body, "actorDefinitionId");
  MR_ASSIGN_OR_RETURN(auto source,
                      services_.definitions.Find(services_.database, ConnectorType::kSource, id));
  if (source) return source;
  return services_.definitions.Find(services_.database, ConnectorType::kDestination, id);
}

ApiReply VersionCalls::WithDefinition(
    ConnectorType kind, const Json& body,
    const std::function<ApiReply(const Definition&)>& then) const {
  const std::string id = TextOf(body, fmt::format("{}Id", ToString(kind)));
  std::optional<Actor> actor;
  std::optional<Definition> definition;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(actor, FindActor(transaction, kind, id));
    if (!actor) return Status::Ok();
    MR_ASSIGN_OR_RETURN(definition,
                        services_.definitions.Find(transaction, kind, actor->definition_id));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!actor) return NotFound(ToString(kind), id);
  if (!definition) {
    return NotFound(fmt::format("{} definition", ToString(kind)), actor->definition_id);
  }
  return then(*definition);
}

ApiReply VersionCalls::GetForSource(const Json& body) const {
  return WithDefinition(ConnectorType::kSource, body, [](const Definition& definition) {
    return ApiReply{200, DefinitionVersionJson(definition)};
  });
}

ApiReply VersionCalls::GetForDestination(const Json& body) const {
  return WithDefinition(ConnectorType::kDestination, body, [](const Definition& definition) {
    return ApiReply{200, DefinitionVersionJson(definition)};
  });
}

ApiReply VersionCalls::GetDefault(const Json& body) const {
  const auto definition = Asked(body);
  if (!definition.ok()) return Failure(definition.status());
  if (!*definition) return NotFound("definition", TextOf(body, "actorDefinitionId"));
  return {200, DefinitionVersionJson(**definition)};
}

ApiReply VersionCalls::Resolve(const Json& body) const {
  const std::string id = TextOf(body, "actorDefinitionId"), tag = TextOf(body, "dockerImageTag");
  const auto found = Asked(body);
  if (!found.ok()) return Failure(found.status());
  if (!*found) return NotFound("definition", id);
  const Definition& definition = **found;
  if (tag != definition.docker_image_tag) {
    return NotFound(fmt::format("version {} of {}", tag, definition.name), id);
  }
  return {200, Json{{"versionId", id},
                    {"dockerRepository", definition.docker_repository},
                    {"dockerImageTag", definition.docker_image_tag},
                    {"supportRefreshes", true},
                    {"supportFileTransfer", false},
                    {"supportDataActivation", false}}};
}

ApiReply VersionCalls::SpecificationForSource(const Json& body) const {
  return WithDefinition(ConnectorType::kSource, body, [this](const Definition& definition) {
    return DefinitionCalls(services_, ConnectorType::kSource)
        .GetSpecification({{"sourceDefinitionId", definition.id}});
  });
}

ApiReply VersionCalls::SpecificationForDestination(const Json& body) const {
  return WithDefinition(ConnectorType::kDestination, body, [this](const Definition& definition) {
    return DefinitionCalls(services_, ConnectorType::kDestination)
        .GetSpecification({{"destinationDefinitionId", definition.id}});
  });
}

ApiReply VersionCalls::UpgradeSource(const Json& body) const {
  return WithDefinition(ConnectorType::kSource, body,
                        [](const Definition&) { return NoContent(); });
}

ApiReply VersionCalls::UpgradeDestination(const Json& body) const {
  return WithDefinition(ConnectorType::kDestination, body,
                        [](const Definition&) { return NoContent(); });
}

ApiReply VersionCalls::Documentation(const Json& body) const {
  const std::string id = TextOf(body, "actorDefinitionId");
  const auto definition = Asked(body);
  if (!definition.ok()) return Failure(definition.status());
  if (!*definition) return NotFound("definition", id);
  const std::string where = (*definition)->documentation_url.empty()
                                ? "its maker says nothing about where it is"
                                : "read " + (*definition)->documentation_url;
  return {404, Json{{"id", id},
                    {"message", fmt::format("the documentation of {} is not kept here; {}",
                                            (*definition)->display_name, where)}}};
}

}  // namespace millrace
