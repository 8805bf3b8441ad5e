#include "server/config_api/actor_calls.h"

#include <map>
#include <nlohmann/json.hpp>

#include "base/secrets.h"
#include "base/uuid.h"
#include "control/connections/changed_configuration.h"
#include "control/resources/resource_requirements.h"
#include "control/schema/sync_catalog.h"
#include "control/secrets/config_mask.h"
#include "control/secrets/config_references.h"
#include "control/store/connections.h"
#include "control/store/resource_requirements.h"
#include "server/config_api/probe_json.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

/// Airbyte's limit for a check and a discovery is four hours; a person waits for neither.
constexpr std::chrono::seconds kProbeLimit = std::chrono::minutes(10);

constexpr const char* kAllocation = "resourceAllocation";

}  // namespace

std::string ActorCalls::Field(std::string_view rest) const {
  return fmt::format("{}{}", ToString(kind_), rest);
}

ApiReply ActorCalls::NotThere(const std::string& id) const { return NotFound(ToString(kind_), id); }

Result<std::optional<ActorCalls::Opened>> ActorCalls::Open(SqlTransaction& transaction,
                                                           const std::string& id) const {
  MR_ASSIGN_OR_RETURN(auto actor, FindActor(transaction, kind_, id));
  if (!actor) return std::optional<Opened>();
  MR_ASSIGN_OR_RETURN(const std::string text, services_.box.Open(actor->sealed_configuration));
  MR_ASSIGN_OR_RETURN(auto definition,
                      services_.definitions.Find(transaction, kind_, actor->definition_id));
  return std::optional(
      Opened{*std::move(actor), JsonValue(Json::parse(text)), std::move(definition)});
}

ApiReply ActorCalls::WithOpened(const std::string& id,
                                const std::function<ApiReply(const Opened&)>& then) const {
  std::optional<Opened> opened;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(opened, Open(transaction, id));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  return opened ? then(*opened) : NotThere(id);
}

Json ActorCalls::Read(const Actor& actor, const std::optional<Definition>& definition,
                      const Json& configuration) const {
  return {{Field("DefinitionId"), actor.definition_id},
          {Field("Id"), actor.id},
          {"workspaceId", actor.workspace_id},
          {"connectionConfiguration", ShownConfiguration(definition, configuration)},
          {"name", actor.name},
          {Field("Name"), definition ? definition->display_name : actor.definition_id},
          {"status", "active"},
          {"createdAt", Seconds(actor.created_at)},
          {"numConnections", 0},
          {"isVersionOverrideApplied", false},
          {"isEntitled", true},
          {"supportState", "supported"}};
}

Status ActorCalls::CheckConfiguration(const std::optional<Definition>& definition,
                                      const std::string& definition_id,
                                      const Json& configuration) const {
  if (!definition) {
    return ConfigError("there is no {} definition with the id {}", ToString(kind_), definition_id);
  }
  MR_RETURN_IF_ERROR(definition->startable);
  if (!definition->spec) {
    return SystemError("the specification of {} is not known", definition->display_name);
  }
  const Json specification = ConnectionSpecificationOf(*definition);
  const std::string masked = PathOfMask(specification, configuration);
  if (!masked.empty()) {
    return ConfigError(
        "connectionConfiguration.{} is {}, which replies show instead of a secret: "
        "give the secret itself",
        masked, kSecretMask);
  }
  // What is stored keeps its references.
  return ConnectorConfiguration(specification, configuration, ServerEnvironment()).status();
}

ApiReply ActorCalls::Create(const Json& body) const {
  Actor actor;
  actor.id = RandomUuid();
  actor.kind = kind_;
  actor.definition_id = TextOf(body, Field("DefinitionId"));
  actor.name = TextOf(body, "name");
  actor.created_at = actor.updated_at = services_.Now();
  if (actor.name.empty()) {
    return Unprocessable("name", fmt::format("a {} needs a name", ToString(kind_)));
  }
  Json configuration = body.value("connectionConfiguration", Json());
  if (!configuration.is_object()) {
    return Unprocessable("connectionConfiguration", "connectionConfiguration must be an object");
  }
  const auto definition =
      services_.definitions.Find(services_.database, kind_, actor.definition_id);
  if (!definition.ok()) return Failure(definition.status());
  const Status checked = CheckConfiguration(*definition, actor.definition_id, configuration);
  if (!checked.ok()) return Failure(checked);
  const Json& resources = FieldOf(body, kAllocation);
  const Status allowed = CheckScopedRequirements(resources, kAllocation);
  if (!allowed.ok()) return Unprocessable(kAllocation, allowed.ToString());
  actor.sealed_configuration = services_.box.Seal(configuration.dump());
  bool workspace_found = false;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
    workspace_found = workspace.has_value();
    if (!workspace) return Status::Ok();
    actor.workspace_id = workspace->id;
    MR_RETURN_IF_ERROR(PutResources(transaction, actor.id, resources));
    return InsertActor(transaction, actor);
  });
  if (!written.ok()) return Failure(written);
  if (!workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  return Completed(Read(actor, *definition, configuration));
}

ApiReply ActorCalls::Get(const Json& body) const {
  return WithOpened(TextOf(body, Field("Id")), [this](const Opened& opened) {
    return Completed(Read(opened.actor, opened.definition, *opened.configuration));
  });
}

ApiReply ActorCalls::List(const Json& body) const {
  ActorFilter filter;
  filter.kind = kind_;
  filter.name_contains = TextOf(body, "name");
  if (const auto found = body.find("filters"); found != body.end() && found->is_object()) {
    filter.name_contains = TextOf(*found, "searchTerm");
  }
  filter.definition_id = TextOf(body, Field("DefinitionId"));
  Json list = Json::array();
  bool workspace_found = false;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
    workspace_found = workspace.has_value();
    if (!workspace) return Status::Ok();
    filter.workspace_id = workspace->id;
    MR_ASSIGN_OR_RETURN(const auto actors, ListActors(transaction, filter, PageOf(body)));
    std::map<std::string, std::optional<Definition>> known;  // most are of a few
    for (const Actor& actor : actors) {
      MR_ASSIGN_OR_RETURN(const std::string text, services_.box.Open(actor.sealed_configuration));
      const auto [definition, first] = known.try_emplace(actor.definition_id);
      if (first) {
        MR_ASSIGN_OR_RETURN(definition->second,
                            services_.definitions.Find(transaction, kind_, actor.definition_id));
      }
      list.push_back(Read(actor, definition->second, Json::parse(text)));
    }
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  if (const Status complete = Complete(&list); !complete.ok()) return Failure(complete);
  return {200, Json{{Field("s"), std::move(list)}}};
}

ApiReply ActorCalls::Update(const Json& body, bool partial) const {
  const std::string id = TextOf(body, Field("Id"));
  const Json sent = body.value("connectionConfiguration", Json());
  if (!sent.is_object() && !(partial && sent.is_null())) {
    return Unprocessable("connectionConfiguration", "connectionConfiguration must be an object");
  }
  const Json& resources = FieldOf(body, kAllocation);
  const Status allowed = CheckScopedRequirements(resources, kAllocation);
  if (!allowed.ok()) return Unprocessable(kAllocation, allowed.ToString());
  std::optional<Opened> opened;
  Json configuration;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(opened, Open(transaction, id));
    if (!opened) return Status::Ok();
    Actor& actor = opened->actor;
    configuration = partial ? *opened->configuration : Json::object();
    configuration.update(sent.is_object() ? sent : Json::object(), /*merge_objects=*/true);
    if (opened->definition) {
      configuration = RestoreSecrets(ConnectionSpecificationOf(*opened->definition),
                                     *opened->configuration, configuration);
    }
    MR_RETURN_IF_ERROR(CheckConfiguration(opened->definition, actor.definition_id, configuration));
    if (const std::string name = TextOf(body, "name"); !name.empty()) actor.name = name;
    actor.sealed_configuration = services_.box.Seal(configuration.dump());
    actor.updated_at = services_.Now();
    if (body.contains(kAllocation)) {
      MR_RETURN_IF_ERROR(PutResources(transaction, actor.id, resources));
    }
    return UpdateActor(transaction, actor);
  });
  if (!written.ok()) return Failure(written);
  return opened ? Completed(Read(opened->actor, opened->definition, configuration)) : NotThere(id);
}

ApiReply ActorCalls::Delete(const Json& body, const Caller& caller) const {
  const std::string id = TextOf(body, Field("Id"));
  bool found = false;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto actor, FindActor(transaction, kind_, id));
    found = actor.has_value();
    if (!found) return Status::Ok();
    ConnectionFilter its;
    (kind_ == ConnectorType::kSource ? its.source_id : its.destination_id) = id;
    MR_RETURN_IF_ERROR(services_.jobs.CancelActiveOf(transaction, its, caller.person_id));
    return DeleteActor(transaction, *actor, services_.Now());
  });
  if (!written.ok()) return Failure(written);
  services_.jobs.Wake();
  return found ? NoContent() : NotThere(id);
}

Result<ProbeOutcome> ActorCalls::Probe(std::string_view task, const std::string& actor_id,
                                       const Definition& definition,
                                       const Json& configuration) const {
  MR_ASSIGN_OR_RETURN(auto connector,
                      StartableConnector(definition, configuration, ServerEnvironment()));
  EndResources resources;
  MR_RETURN_IF_ERROR(services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(resources, FindEndResources(transaction, kind_, actor_id, definition.id));
    return Status::Ok();
  }));
  StartDocument start;
  start.task = task;
  (kind_ == ConnectorType::kSource ? start.source : start.destination) = std::move(connector);
  KeepConfig keep_config;
  if (!actor_id.empty()) {
    keep_config = StoreKeeps(services_.database, services_.box, services_.clock, actor_id);
  }
  return services_.probes.Run(std::move(start), resources, kProbeLimit, keep_config);
}

ApiReply ActorCalls::RunCheck(const std::string& actor_id, const Definition& definition,
                              const Json& configuration) const {
  ProbeJob job("check_connection_" + std::string(ToString(kind_)), definition.id, services_.Now());
  const auto outcome = Probe("check", actor_id, definition, configuration);
  if (!outcome.ok()) return Failure(outcome.status());
  Json reply{{"status", outcome->status.ok() ? "succeeded" : "failed"}};
  if (!outcome->status.ok()) reply["message"] = PublicMessage(outcome->status);
  reply["jobInfo"] = job.Ended(*outcome, services_.Now());
  return {200, std::move(reply)};
}

ApiReply ActorCalls::Check(const Json& body) const {
  return WithOpened(TextOf(body, Field("Id")), [this](const Opened& opened) {
    if (!opened.definition) {
      return NotFound(fmt::format("{} definition", ToString(kind_)), opened.actor.definition_id);
    }
    return RunCheck(opened.actor.id, *opened.definition, *opened.configuration);
  });
}

ApiReply ActorCalls::WithUnsaved(
    const Json& body,
    const std::function<ApiReply(const Definition& definition, const Json& configuration)>& then)
    const {
  Json configuration = body.value("connectionConfiguration", Json());
  if (!configuration.is_object()) {
    return Unprocessable("connectionConfiguration", "connectionConfiguration must be an object");
  }
  const auto check = [&](const std::optional<Definition>& definition, const std::string& id) {
    const Status checked = CheckConfiguration(definition, id, configuration);
    return checked.ok() ? then(*definition, configuration) : Failure(checked);
  };
  const std::string id = TextOf(body, Field("Id"));
  if (id.empty()) {
    const std::string definition_id = TextOf(body, Field("DefinitionId"));
    const auto definition = services_.definitions.Find(services_.database, kind_, definition_id);
    return definition.ok() ? check(*definition, definition_id) : Failure(definition.status());
  }
  return WithOpened(id, [&](const Opened& opened) {
    if (opened.definition) {
      configuration = RestoreSecrets(ConnectionSpecificationOf(*opened.definition),
                                     *opened.configuration, configuration);
    }
    return check(opened.definition, opened.actor.definition_id);
  });
}

ApiReply ActorCalls::CheckUnsaved(const Json& body) const {
  const std::string id = TextOf(body, Field("Id"));
  return WithUnsaved(body, [&](const Definition& definition, const Json& configuration) {
    return RunCheck(id, definition, configuration);
  });
}

ApiReply ActorCalls::DiscoverUnsaved(const Json& body) const {
  const std::string id = TextOf(body, Field("Id"));
  return WithUnsaved(body, [&](const Definition& definition, const Json& configuration) {
    const ProbeJob job("discover_schema", definition.id, services_.Now());
    const auto outcome = Probe("discover", id, definition, configuration);
    if (!outcome.ok()) return Failure(outcome.status());
    Json reply{{"jobInfo", job.Ended(*outcome, services_.Now())}};
    if (!outcome->status.ok()) return ApiReply{200, std::move(reply)};
    auto catalog = SyncCatalogOf(*outcome->result);
    if (!catalog.ok()) return Failure(catalog.status());
    reply["catalog"] = *std::move(catalog);
    return ApiReply{200, std::move(reply)};
  });
}

ApiReply ActorCalls::Completed(Json actor) const {
  Json actors = Json::array({std::move(actor)});
  const Status complete = Complete(&actors);
  return complete.ok() ? ApiReply{200, std::move(actors[0])} : Failure(complete);
}

Status ActorCalls::Complete(Json* actors) const {
  std::vector<std::string> ids;
  for (const Json& actor : *actors) ids.push_back(TextOf(actor, Field("Id")));
  std::map<std::string, int64_t> counts;
  std::map<std::string, JsonValue> resources;
  MR_RETURN_IF_ERROR(services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(counts, CountConnectionsOf(transaction, kind_, ids));
    MR_ASSIGN_OR_RETURN(resources, ListResources(transaction));
    return Status::Ok();
  }));
  for (Json& actor : *actors) {
    const std::string id = TextOf(actor, Field("Id"));
    actor["numConnections"] = counts[id];
    if (const auto own = resources.find(id); own != resources.end()) {
      actor[kAllocation] = *own->second;
    }
  }
  return Status::Ok();
}

}  // namespace millrace
