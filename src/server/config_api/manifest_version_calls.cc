#include "server/config_api/manifest_version_calls.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "catalogue/connector_resolver.h"
#include "control/schema/sync_catalog.h"
#include "control/store/builder_projects.h"
#include "server/config_api/builder_project_calls.h"
#include "server/config_api/builder_project_json.h"
#include "server/config_api/custom_definition_calls.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/request_workspace.h"

namespace millrace {
namespace {

constexpr size_t kVersionsMax = 10'000;

const ManifestVersion* VersionIn(const std::vector<ManifestVersion>& versions, int64_t number) {
  const auto found = std::ranges::find(versions, number, &ManifestVersion::version);
  return found == versions.end() ? nullptr : &*found;
}

/// What the definition runs from now on.
void Activate(const ManifestVersion& version, CustomDefinition* definition) {
  Json document = *definition->document;
  document["manifest"] = FieldOf(*version.document, "manifest");
  document["manifestVersion"] = version.version;
  document["description"] = FieldOf(*version.document, "description");
  definition->document = std::move(document);
}

void DropDraft(BuilderProject* project) {
  Json document = *project->document;
  document.erase("draftManifest");
  document.erase("yamlManifest");
  project->document = std::move(document);
}

/// Answers a call about a custom source that runs a manifest, of the workspace that the body names.
ApiReply WithDeclarativeSource(const Services& services, const Json& body,
                               const std::function<ApiReply(CustomDefinition definition)>& answer) {
  return WithWorkspace(services, body, [&](const Workspace& workspace) {
    const std::string id = TextOf(body, "sourceDefinitionId");
    std::optional<CustomDefinition> definition;
    const Status read = services.database.Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(definition,
                          FindCustomDefinition(transaction, ConnectorType::kSource, id));
      return Status::Ok();
    });
    if (!read.ok()) return Failure(read);
    if (!definition || definition->workspace_id != workspace.id) {
      return NotFound("source definition", id);
    }
    if (!definition->document->contains("manifest")) {
      return ApiReply{400, Json{{"message", fmt::format("the source definition {} runs no low-code "
                                                        "manifest",
                                                        id)}}};
    }
    return answer(*std::move(definition));
  });
}

}  // namespace

Status KeepActiveManifest(SqlTransaction& transaction, const CustomDefinition& definition,
                          int64_t now) {
  const Json& document = *definition.document;
  if (!document.contains("manifest")) return Status::Ok();
  return PutManifestVersion(transaction, {definition.id, ActiveManifestVersion(definition),
                                          Json{{"manifest", document["manifest"]},
                                               {"description", TextOf(document, "description")}},
                                          now});
}

Result<int64_t> NextManifestVersion(SqlTransaction& transaction,
                                    const CustomDefinition& definition) {
  MR_ASSIGN_OR_RETURN(const auto versions, ListManifestVersions(transaction, definition.id));
  int64_t last = definition.document->contains("manifest") ? ActiveManifestVersion(definition) : 0;
  if (!versions.empty()) last = std::max(last, versions.back().version);
  return last + 1;
}

ManifestVersionCalls::SentManifest ManifestVersionCalls::TakeManifest(
    const Json& sent, const Json& components, std::string_view field) const {
  const auto refuse = [&](std::string_view at, const std::string& message) {
    return SentManifest{Unprocessable(fmt::format("{}{}", field, at), message), {}};
  };
  if (!sent.is_object()) return refuse("", fmt::format("{} is missing", field));
  if (components.is_string() && components != "") {
    return SentManifest{Unprocessable("componentsFileContent",
                                      "componentsFileContent is Python: publish it as a connector "
                                      "of its own, or as an image"),
                        {}};
  }
  const Json& manifest = FieldOf(sent, "manifest");
  if (!manifest.is_object() && !manifest.is_string()) {
    return refuse(".manifest", "manifest must be an object, or the text of a manifest in YAML");
  }
  const Json& number = FieldOf(sent, "version");
  if (!number.is_null() && !(number.is_number_integer() && number >= 0)) {
    return refuse(".version", "version must be a whole number from 0");
  }
  const Json& spec = FieldOf(sent, "spec");
  if (!spec.is_null() && !spec.is_object()) return refuse(".spec", "spec must be an object");
  const Json& description = FieldOf(sent, "description");
  if (!description.is_null() && !description.is_string()) {
    return refuse(".description", "description must be a text");
  }
  Json written = manifest;
  // One that needs Python is its runner's business, which is told when it is specified.
  if (manifest.is_string() || NeedsInterpreter(manifest).empty()) {
    const auto looked = probe_.Run({"resolve_manifest", manifest, {}, {}, {}});
    if (looked.refused) return {looked.refused, {}};
    written = FieldOf(*looked.result, "written");
  }
  const Json& schema = spec.is_object() && spec.contains("connectionSpecification")
                           ? spec["connectionSpecification"]
                           : FieldOf(spec, "connection_specification");
  if (!written.contains("spec") && schema.is_object()) {
    written["spec"] = {{"type", "Spec"}, {"connection_specification", schema}};
  }
  SentManifest taken;
  taken.version.version = number.is_null() ? 1 : number.get<int64_t>();
  taken.version.created_at = services_.Now();
  taken.version.document =
      Json{{"manifest", std::move(written)}, {"description", TextOf(sent, "description")}};
  return taken;
}

ApiReply ManifestVersionCalls::Publish(const Json& body) const {
  return WithBuilderProject(services_, body, [&](BuilderProject project) -> ApiReply {
    CustomDefinition definition;
    definition.id = RandomUuid();
    definition.workspace_id = project.workspace_id;
    definition.created_at = project.updated_at = services_.Now();
    project.name = TextOf(body, "name");
    if (project.name.empty()) return Unprocessable("name", "name is missing");
    definition.document = Json{{"name", project.name}};
    SentManifest sent =
        TakeManifest(FieldOf(body, "initialDeclarativeManifest"),
                     FieldOf(body, "componentsFileContent"), "initialDeclarativeManifest");
    if (sent.refused) return *sent.refused;
    sent.version.definition_id = definition.id;
    Activate(sent.version, &definition);
    if (const Status specified = SpecifyDefinition(services_, &definition); !specified.ok()) {
      return Failure(specified);
    }
    DropDraft(&project);
    bool published_already = false;
    const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(
          const auto before,
          FindCustomDefinition(transaction, ConnectorType::kSource, project.definition_id));
      published_already = before.has_value();
      if (published_already) return Status::Ok();
      BuilderProject published = project;
      published.definition_id = definition.id;
      MR_RETURN_IF_ERROR(InsertCustomDefinition(transaction, definition));
      MR_RETURN_IF_ERROR(PutManifestVersion(transaction, sent.version));
      return UpdateBuilderProject(transaction, published);
    });
    if (!written.ok()) return Failure(written);
    if (published_already) {
      return Conflict(
          "this project was published already: add a version to its source definition with "
          "declarative_source_definitions/create_manifest");
    }
    return {200, Json{{"sourceDefinitionId", definition.id}}};
  });
}

ApiReply ManifestVersionCalls::Create(const Json& body) const {
  return WithDeclarativeSource(services_, body, [&](CustomDefinition definition) -> ApiReply {
    SentManifest sent = TakeManifest(FieldOf(body, "declarativeManifest"),
                                     FieldOf(body, "componentsFileContent"), "declarativeManifest");
    if (sent.refused) return *sent.refused;
    const ManifestVersion& version = sent.version;
    sent.version.definition_id = definition.id;
    const Json& activates = FieldOf(body, "setAsActiveManifest");
    if (!activates.is_boolean()) {
      return Unprocessable("setAsActiveManifest", "setAsActiveManifest must be true or false");
    }
    CustomDefinition after = definition;
    Activate(version, &after);
    if (const Status specified = SpecifyDefinition(services_, &after); !specified.ok()) {
      return Failure(specified);
    }
    bool exists = false;
    const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(const auto versions, ListManifestVersions(transaction, definition.id));
      exists = VersionIn(versions, version.version) != nullptr ||
               ActiveManifestVersion(definition) == version.version;
      if (exists) return Status::Ok();
      if (versions.size() >= kVersionsMax) {
        return ConfigError("a source definition may have {} manifests", kVersionsMax);
      }
      MR_RETURN_IF_ERROR(KeepActiveManifest(transaction, definition, services_.Now()));
      MR_RETURN_IF_ERROR(PutManifestVersion(transaction, version));
      if (activates == true) MR_RETURN_IF_ERROR(UpdateCustomDefinition(transaction, after));
      MR_ASSIGN_OR_RETURN(auto project, FindBuilderProjectOf(transaction, definition.id));
      if (!project) return Status::Ok();
      DropDraft(&*project);
      return UpdateBuilderProject(transaction, *project);
    });
    if (!written.ok()) return Failure(written);
    if (exists) {
      return Conflict(fmt::format("the source definition has a manifest of version {} already",
                                  version.version));
    }
    return {201, Json(), /*has_body=*/false};
  });
}

ApiReply ManifestVersionCalls::UpdateActive(const Json& body) const {
  return WithDeclarativeSource(services_, body, [&](CustomDefinition definition) -> ApiReply {
    const Json& wanted = FieldOf(body, "version");
    if (!wanted.is_number_integer()) {
      return Unprocessable("version", "version must be a whole number");
    }
    const auto number = wanted.get<int64_t>();
    if (number == ActiveManifestVersion(definition)) return NoContent();
    std::vector<ManifestVersion> versions;
    const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(versions, ListManifestVersions(transaction, definition.id));
      return Status::Ok();
    });
    if (!read.ok()) return Failure(read);
    const ManifestVersion* found = VersionIn(versions, number);
    if (found == nullptr) return NotFound("manifest version", std::to_string(number));
    CustomDefinition after = definition;
    Activate(*found, &after);
    if (const Status specified = SpecifyDefinition(services_, &after); !specified.ok()) {
      return Failure(specified);
    }
    const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
      MR_RETURN_IF_ERROR(KeepActiveManifest(transaction, definition, services_.Now()));
      return UpdateCustomDefinition(transaction, after);
    });
    return written.ok() ? NoContent() : Failure(written);
  });
}

ApiReply ManifestVersionCalls::List(const Json& body) const {
  return WithDeclarativeSource(services_, body, [&](const CustomDefinition& definition) {
    const int64_t active = ActiveManifestVersion(definition);
    std::map<int64_t, std::string> descriptions{
        {active, TextOf(*definition.document, "description")}};
    const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(const auto versions, ListManifestVersions(transaction, definition.id));
      for (const ManifestVersion& version : versions) {
        descriptions.try_emplace(version.version, TextOf(*version.document, "description"));
      }
      return Status::Ok();
    });
    if (!read.ok()) return Failure(read);
    Json list = Json::array();
    for (const auto& [number, description] : descriptions) {
      list.push_back(
          {{"version", number}, {"isActive", number == active}, {"description", description}});
    }
    return ApiReply{200, Json{{"manifestVersions", std::move(list)}}};
  });
}

}  // namespace millrace
