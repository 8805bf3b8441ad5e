#include "server/config_api/custom_definition_calls.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/resources/resource_requirements.h"
#include "control/schema/sync_catalog.h"
#include "control/store/actors.h"
#include "control/store/connections.h"
#include "control/store/resource_requirements.h"
#include "server/config_api/definition_calls.h"
#include "server/config_api/manifest_version_calls.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/request_workspace.h"
#include "server/config_api/specification_question.h"

namespace millrace {
namespace {

constexpr const char* kResources = "resourceRequirements";
/// More than a database of definitions has.
constexpr int64_t kAll = 1'000'000;
constexpr const char* kSilence = "maxSecondsBetweenMessages";
constexpr int64_t kSilenceSecondsMax = 7 * 24 * 60 * 60;
constexpr const char* kCommand = "command";
constexpr const char* kManifest = "manifest";
constexpr const char* kManifestVersion = "manifestVersion";  // counted here
/// What the connector is, one way or the other.
constexpr const char* kWhatRuns[] = {"dockerRepository", "dockerImageTag", kCommand, kManifest};
constexpr const char* kBeside[] = {"name", "documentationUrl", "icon", kResources, kSilence};

/// A field that is wrong; empty: none is.
struct Wrong {
  std::string field, message;
};

Wrong WrongCommand(const Json& command) {
  const bool texts =
      command.is_array() && !command.empty() && std::ranges::all_of(command, [](const Json& word) {
        return word.is_string() && !word.get_ref<const std::string&>().empty();
      });
  if (!texts) return {kCommand, "command must be a list of texts: a program and its arguments"};
  const std::string& program = command[0].get_ref<const std::string&>();
  if (program.find('/') != std::string::npos && !program.starts_with('/')) {
    return {kCommand, "the program of command must be absolute, or a name on the server's PATH"};
  }
  return {};
}

/// Holds what stands in a definition's document against each other.
Wrong WrongIn(const Json& document, ConnectorType kind) {
  if (TextOf(document, "name").empty()) return {"name", "a custom connector needs a name"};
  const bool image = !TextOf(document, "dockerRepository").empty();
  const bool command = document.contains(kCommand), manifest = document.contains(kManifest);
  if (image + command + manifest == 0) {
    return {
        "dockerRepository",
        "a custom connector needs dockerRepository and dockerImageTag, or command, or manifest"};
  }
  if (command && manifest) return {kCommand, "a connector is a command or a manifest, not both"};
  if (image && !command && !manifest && TextOf(document, "dockerImageTag").empty()) {
    return {"dockerImageTag", "a custom connector's image needs dockerImageTag"};
  }
  if (manifest && kind == ConnectorType::kDestination) {
    return {kManifest, "low-code manifests are sources"};
  }
  if (manifest && !document[kManifest].is_object()) {
    return {kManifest, "manifest must be an object: the low-code manifest as JSON"};
  }
  const Json& silence = FieldOf(document, kSilence);
  if (!silence.is_null() &&
      !(silence.is_number_integer() && silence > 0 && silence <= kSilenceSecondsMax)) {
    return {kSilence, fmt::format("maxSecondsBetweenMessages must be a whole number from 1 to {}",
                                  kSilenceSecondsMax)};
  }
  const Status limits = CheckScopedRequirements(FieldOf(document, kResources), kResources);
  if (!limits.ok()) return {kResources, limits.ToString()};
  return command ? WrongCommand(document[kCommand]) : Wrong();
}

/// Takes over the fields that were sent; null is as good as absent.
void TakeFields(const Json& sent, Json* document) {
  for (const char* name : kBeside) {
    const Json& value = FieldOf(sent, name);
    if (!value.is_null() && value != "") (*document)[name] = value;
  }
  for (const char* name : kWhatRuns) {
    const Json& value = FieldOf(sent, name);
    if (!value.is_null() && value != "") (*document)[name] = value;
  }
}

/// Whether another program is run than before.
bool RunsOther(const Json& before, const Json& after) {
  return std::ranges::any_of(
      kWhatRuns, [&](const char* name) { return FieldOf(before, name) != FieldOf(after, name); });
}

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

Status SpecifyDefinition(const Services& services, CustomDefinition* definition) {
  definition->spec.reset();
  const Definition runnable = services.definitions.OfCustom(*definition);
  MR_RETURN_IF_ERROR(runnable.startable);
  if (runnable.spec) {
    definition->spec = runnable.spec;
    return Status::Ok();
  }
  MR_ASSIGN_OR_RETURN(definition->spec, AskSpecification(services, runnable));
  return Status::Ok();
}

ApiReply CustomDefinitionCalls::Create(const Json& body) const {
  const std::string field = fmt::format("{}Definition", ToString(kind_));
  CustomDefinition definition;
  definition.id = RandomUuid();
  definition.kind = kind_;
  definition.created_at = services_.Now();
  Json document = Json::object();
  TakeFields(FieldOf(body, field), &document);
  if (const Wrong wrong = WrongIn(document, kind_); !wrong.field.empty()) {
    return Unprocessable(fmt::format("{}.{}", field, wrong.field), wrong.message);
  }
  if (document.contains(kManifest)) document[kManifestVersion] = 1;
  definition.document = std::move(document);
  return WithWorkspace(services_, body, [&](const Workspace& workspace) {
    definition.workspace_id = workspace.id;
    const Status specified = SpecifyDefinition(services_, &definition);
    if (!specified.ok()) return Failure(specified);
    const Status written = services_.database.Write([&](SqlTransaction& transaction) {
      return InsertCustomDefinition(transaction, definition);
    });
    return written.ok() ? ApiReply{200, CustomDefinitionJson(definition)} : Failure(written);
  });
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
  const CatalogueEntry* entry = FindDefinition(services_.definitions.catalogue(), kind_, id);
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
  if (const auto* own = FindDefinition(services_.definitions.catalogue(), kind_, id)) {
    return UpdateOwn(*own, body);
  }
  std::optional<CustomDefinition> definition;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(definition, FindCustomDefinition(transaction, kind_, id));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!definition) return NotCustom(id);
  const Json before = *definition->document;
  Json document = before;
  TakeFields(body, &document);
  if (const Wrong wrong = WrongIn(document, kind_); !wrong.field.empty()) {
    return Unprocessable(wrong.field, wrong.message);
  }
  const bool other_manifest = FieldOf(before, kManifest) != FieldOf(document, kManifest);
  const CustomDefinition was = *definition;
  definition->document = document;
  if (RunsOther(before, document)) {
    const Status specified = SpecifyDefinition(services_, &*definition);
    if (!specified.ok()) return Failure(specified);
  }
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    if (other_manifest) {
      MR_RETURN_IF_ERROR(KeepActiveManifest(transaction, was, services_.Now()));
      MR_ASSIGN_OR_RETURN(document[kManifestVersion], NextManifestVersion(transaction, was));
      definition->document = document;
    }
    return UpdateCustomDefinition(transaction, *definition);
  });
  return written.ok() ? ApiReply{200, CustomDefinitionJson(*definition)} : Failure(written);
}

ApiReply CustomDefinitionCalls::Delete(const Json& body, const Caller& caller) const {
  const std::string id = TextOf(body, DefinitionIdField(kind_));
  bool found = false;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto definition, FindCustomDefinition(transaction, kind_, id));
    found = definition.has_value();
    if (!found) return Status::Ok();
    ConnectionFilter its;
    auto& of_definition = kind_ == ConnectorType::kSource ? its.source_definition_ids
                                                          : its.destination_definition_ids;
    of_definition = {id};
    MR_RETURN_IF_ERROR(services_.jobs.CancelActiveOf(transaction, its, caller.person_id));
    ActorFilter actors;
    actors.kind = kind_;
    actors.definition_id = id;
    MR_ASSIGN_OR_RETURN(const auto used,
                        ListActors(transaction, actors, {.limit = kAll, .offset = 0}));
    for (const Actor& actor : used) {
      MR_RETURN_IF_ERROR(DeleteActor(transaction, actor, services_.Now()));
    }
    return DeleteCustomDefinition(transaction, id);
  });
  if (!written.ok()) return Failure(written);
  services_.jobs.Wake();
  return found ? NoContent() : NotCustom(id);
}

}  // namespace millrace
