#include "server/config_api/builder_project_calls.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/schema/sync_catalog.h"
#include "control/secrets/config_mask.h"
#include "control/store/manifest_versions.h"
#include "server/config_api/builder_project_json.h"
#include "server/config_api/builder_values.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/request_workspace.h"

namespace millrace {
namespace {

constexpr size_t kProjectsMax = 1'000;
constexpr const char* kDraft = "draftManifest";
constexpr const char* kYaml = "yamlManifest";
/// Patched: what isn't sent stays.
constexpr const char* kPatched[] = {"baseActorDefinitionVersionId", "contributionPullRequestUrl",
                                    "contributionActorDefinitionId"};

Json IdsOf(const BuilderProject& project) {
  return {{"workspaceId", project.workspace_id}, {"builderProjectId", project.id}};
}

Result<std::optional<CustomDefinition>> PublishedAs(SqlTransaction& transaction,
                                                    const BuilderProject& project) {
  if (project.definition_id.empty()) return std::optional<CustomDefinition>();
  return FindCustomDefinition(transaction, ConnectorType::kSource, project.definition_id);
}

}  // namespace

ApiReply WithBuilderProject(const Services& services, const Json& body,
                            const std::function<ApiReply(BuilderProject project)>& answer) {
  return WithWorkspace(services, body, [&](const Workspace& workspace) {
    const std::string id = TextOf(body, "builderProjectId");
    std::optional<BuilderProject> project;
    const Status read = services.database.Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(project, FindBuilderProject(transaction, workspace.id, id));
      return Status::Ok();
    });
    if (!read.ok()) return Failure(read);
    return project ? answer(*std::move(project)) : NotFound("builder project", id);
  });
}

std::optional<ApiReply> BuilderProjectCalls::TakeDetails(const Json& sent,
                                                         BuilderProject* project) const {
  if (!sent.is_object()) return Unprocessable("builderProject", "builderProject is missing");
  project->name = TextOf(sent, "name");
  if (project->name.empty()) {
    return Unprocessable("builderProject.name", "a builder project needs a name");
  }
  const Json& draft = FieldOf(sent, kDraft);
  if (!draft.is_null() && !draft.is_object()) {
    return Unprocessable("builderProject.draftManifest",
                         "draftManifest must be an object; a manifest's text is yamlManifest");
  }
  Json document = *project->document;
  document.erase(kDraft);
  if (draft.is_object()) document[kDraft] = draft;
  for (const char* field : {kYaml, "componentsFileContent"}) {
    document.erase(field);
    const Json& value = FieldOf(sent, field);
    if (!value.is_null() && !value.is_string()) {
      return Unprocessable(fmt::format("builderProject.{}", field),
                           fmt::format("{} must be a text", field));
    }
    if (value.is_string() && value != "") document[field] = value;
  }
  for (const char* field : kPatched) {
    if (const Json& value = FieldOf(sent, field); !value.is_null()) document[field] = value;
  }
  if (!document.contains(kDraft) && document.contains(kYaml)) {
    // For who reads it as an object; a text with mistakes in it is kept as a text only.
    const auto looked = probe_.Run({"resolve_manifest", document[kYaml], {}, {}, {}});
    if (!looked.refused) document[kDraft] = FieldOf(*looked.result, "written");
  }
  project->document = std::move(document);
  project->updated_at = services_.Now();
  return std::nullopt;
}

ApiReply BuilderProjectCalls::Insert(BuilderProject project, const Json& body) const {
  project.id = RandomUuid();
  project.created_at = project.updated_at = services_.Now();
  return WithWorkspace(services_, body, [&](const Workspace& workspace) {
    project.workspace_id = workspace.id;
    const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(const auto others, ListBuilderProjects(transaction, workspace.id));
      if (others.size() >= kProjectsMax) {
        return ConfigError("a workspace may have {} builder projects; delete one", kProjectsMax);
      }
      return InsertBuilderProject(transaction, project);
    });
    return written.ok() ? ApiReply{201, IdsOf(project)} : Failure(written);
  });
}

ApiReply BuilderProjectCalls::Create(const Json& body) const {
  BuilderProject project;
  if (auto wrong = TakeDetails(FieldOf(body, "builderProject"), &project)) return *wrong;
  return Insert(std::move(project), body);
}

ApiReply BuilderProjectCalls::Update(const Json& body) const {
  return WithBuilderProject(services_, body, [&](BuilderProject project) {
    if (auto wrong = TakeDetails(FieldOf(body, "builderProject"), &project)) return *wrong;
    const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(auto published, PublishedAs(transaction, project));
      if (published) {
        Json document = *published->document;
        document["name"] = project.name;
        published->document = std::move(document);
        MR_RETURN_IF_ERROR(UpdateCustomDefinition(transaction, *published));
      }
      return UpdateBuilderProject(transaction, project);
    });
    return written.ok() ? NoContent() : Failure(written);
  });
}

ApiReply BuilderProjectCalls::Delete(const Json& body) const {
  return WithBuilderProject(services_, body, [&](const BuilderProject& project) {
    const Status written = services_.database.Write(
        [&](SqlTransaction& transaction) { return DeleteBuilderProject(transaction, project.id); });
    return written.ok() ? NoContent() : Failure(written);
  });
}

ApiReply BuilderProjectCalls::List(const Json& body) const {
  return WithWorkspace(services_, body, [&](const Workspace& workspace) {
    Json list = Json::array();
    const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
      list = Json::array();
      MR_ASSIGN_OR_RETURN(const auto projects, ListBuilderProjects(transaction, workspace.id));
      for (const BuilderProject& project : projects) {
        MR_ASSIGN_OR_RETURN(const auto published, PublishedAs(transaction, project));
        list.push_back(BuilderProjectJson(project, published ? &*published : nullptr));
      }
      return Status::Ok();
    });
    return read.ok() ? ApiReply{200, Json{{"projects", std::move(list)}}} : Failure(read);
  });
}

ApiReply BuilderProjectCalls::GetWithManifest(const Json& body) const {
  const Json& asked = FieldOf(body, "version");
  if (!asked.is_null() && !asked.is_number_integer()) {
    return Unprocessable("version", "version must be a whole number");
  }
  return WithBuilderProject(services_, body, [&](const BuilderProject& project) {
    std::optional<CustomDefinition> published;
    std::vector<ManifestVersion> versions;
    const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(published, PublishedAs(transaction, project));
      MR_ASSIGN_OR_RETURN(versions, ListManifestVersions(transaction, project.definition_id));
      return Status::Ok();
    });
    if (!read.ok()) return Failure(read);
    const auto values = OpenedTestingValues(services_, project);
    if (!values.ok()) return Failure(values.status());
    Json reply{{"builderProject", BuilderProjectJson(project, published ? &*published : nullptr)}};
    if (!values->empty()) reply["testingValues"] = ShownTestingValues(project, *values);
    if (!asked.is_number_integer() && HasDraft(project)) {
      reply["declarativeManifest"] = {{"isDraft", true}};
      const Json& draft = FieldOf(*project.document, kDraft);
      if (draft.is_object()) reply["declarativeManifest"]["manifest"] = draft;
      return ApiReply{200, std::move(reply)};
    }
    const int64_t active = published ? ActiveManifestVersion(*published) : 0;
    const int64_t wanted = asked.is_number_integer() ? asked.get<int64_t>() : active;
    const auto found = std::ranges::find(versions, wanted, &ManifestVersion::version);
    if (found == versions.end() && !(published && wanted == active)) {
      if (!asked.is_number_integer()) return ApiReply{200, std::move(reply)};
      return NotFound("manifest version", std::to_string(wanted));
    }
    const Json& document = found == versions.end() ? *published->document : *found->document;
    reply["declarativeManifest"] = {{"manifest", FieldOf(document, "manifest")},
                                    {"isDraft", false},
                                    {"version", wanted},
                                    {"description", TextOf(document, "description")}};
    return ApiReply{200, std::move(reply)};
  });
}

ApiReply BuilderProjectCalls::GetForDefinition(const Json& body) const {
  const std::string id = TextOf(body, "actorDefinitionId");
  if (id.empty()) return NotFound("definition", id);
  Json reply{{"builderProjectId", nullptr}, {"workspaceId", nullptr}};
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto project, FindBuilderProjectOf(transaction, id));
    if (project) {
      reply = {{"builderProjectId", project->id}, {"workspaceId", project->workspace_id}};
    }
    return Status::Ok();
  });
  return read.ok() ? ApiReply{200, std::move(reply)} : Failure(read);
}

ApiReply BuilderProjectCalls::Fork(const Json& body) const {
  const std::string id = TextOf(body, "baseActorDefinitionId");
  if (id.empty()) {
    return Unprocessable("baseActorDefinitionId", "baseActorDefinitionId is missing");
  }
  const auto base = services_.definitions.Find(services_.database, ConnectorType::kSource, id);
  if (!base.ok()) return Failure(base.status());
  if (!*base) return NotFound("source definition", id);
  const Definition& definition = **base;
  if (!definition.manifest) {
    return {404, Json{{"id", id},
                      {"message", fmt::format("{} has no low-code manifest here that could be "
                                              "taken as a beginning",
                                              definition.display_name)}}};
  }
  BuilderProject project;
  project.name = definition.display_name;
  project.document = Json{{kDraft, **definition.manifest},
                          {"baseActorDefinitionVersionInfo",
                           {{"name", definition.display_name},
                            {"dockerRepository", definition.docker_repository},
                            {"dockerImageTag", definition.docker_image_tag},
                            {"actorDefinitionId", definition.id},
                            {"icon", ""}}}};
  return Insert(std::move(project), body);
}

ApiReply BuilderProjectCalls::UpdateTestingValues(const Json& body) const {
  return WithBuilderProject(services_, body, [&](BuilderProject project) {
    const Json& spec = FieldOf(body, "spec");
    const Json& sent = FieldOf(body, "testingValues");
    if (!spec.is_object()) {
      return Unprocessable("spec", "spec must be an object: the JSON schema of the testing values");
    }
    if (!sent.is_object()) return Unprocessable("testingValues", "testingValues must be an object");
    const auto stored = OpenedTestingValues(services_, project);
    if (!stored.ok()) return Failure(stored.status());
    const Json values = RestoreSecrets(spec, *stored, sent);
    if (const std::string path = PathOfMask(spec, values); !path.empty()) {
      return Unprocessable("testingValues." + path,
                           fmt::format("testingValues.{} is the mask of a secret, and none is "
                                       "stored",
                                       path));
    }
    Json document = *project.document;
    document["testingSpec"] = spec;
    project.document = std::move(document);
    project.sealed_testing_values =
        services_.box.Seal(values.dump(-1, ' ', false, Json::error_handler_t::replace));
    project.updated_at = services_.Now();
    const Status written = services_.database.Write(
        [&](SqlTransaction& transaction) { return UpdateBuilderProject(transaction, project); });
    return written.ok() ? ApiReply{200, ShownTestingValues(project, values)} : Failure(written);
  });
}

ApiReply BuilderProjectCalls::Capabilities(const Json&) const {
  return {200, Json{{"customCodeExecution", false}}};
}

ApiReply BuilderProjectCalls::GetBaseImage(const Json& body) const {
  const Json& manifest = FieldOf(body, "manifest");
  const std::string version = manifest.is_object() ? TextOf(manifest, "version") : "";
  if (version.empty()) {
    return Unprocessable("manifest", "manifest must be an object with a version");
  }
  return {200, Json{{"baseImage", fmt::format("airbyte/source-declarative-manifest:{}", version)}}};
}

ApiReply BuilderProjectCalls::CheckContribution(const Json& body) const {
  const std::string name = TextOf(body, "connector_image_name");
  if (name.empty()) {
    return Unprocessable("connector_image_name", "connector_image_name is missing");
  }
  for (const CatalogueEntry& entry : services_.definitions.catalogue().entries()) {
    if (entry.name != name || entry.type != ConnectorType::kSource) continue;
    return {200, Json{{"connector_exists", true}, {"connector_name", entry.display_name}}};
  }
  return {200, Json{{"connector_exists", false}}};
}

}  // namespace millrace
