#include "server/config_api/builder_project_json.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"
#include "server/config_api/request_fields.h"

namespace millrace {

bool HasDraft(const BuilderProject& project) {
  return project.document->contains("draftManifest") || project.document->contains("yamlManifest");
}

int64_t ActiveManifestVersion(const CustomDefinition& definition) {
  const Json& version = FieldOf(*definition.document, "manifestVersion");
  return version.is_number_integer() ? version.get<int64_t>() : 1;
}

Json BuilderProjectJson(const BuilderProject& project, const CustomDefinition* published) {
  const Json& document = *project.document;
  Json json{{"name", project.name},
            {"builderProjectId", project.id},
            {"hasDraft", HasDraft(project)},
            {"updatedAt", Seconds(project.updated_at)}};
  if (published != nullptr) {
    json["sourceDefinitionId"] = published->id;
    json["activeDeclarativeManifestVersion"] = ActiveManifestVersion(*published);
  }
  for (const char* field :
       {"baseActorDefinitionVersionInfo", "componentsFileContent", "yamlManifest"}) {
    if (document.contains(field)) json[field] = document[field];
  }
  if (document.contains("contributionPullRequestUrl")) {
    json["contributionInfo"] = {
        {"pullRequestUrl", document["contributionPullRequestUrl"]},
        {"actorDefinitionId", FieldOf(document, "contributionActorDefinitionId")}};
  }
  return json;
}

}  // namespace millrace
