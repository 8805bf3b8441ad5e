#include "server/public_api/declarative_source_resource.h"

#include <nlohmann/json.hpp>

#include "server/http/json_body.h"
#include "server/public_api/collection_routes.h"

namespace millrace {
namespace {

Json SaidManifest(const Json& definition) {
  return {{"id", definition.at("sourceDefinitionId")},
          {"name", TextOf(definition, "name")},
          {"manifest", definition.value("manifest", Json::object())},
          {"version", definition.value("manifestVersion", int64_t{1})}};
}

/// What wasn't sent is refused as an empty manifest, not taken for something else.
Json ManifestIn(const Json& body) {
  Json manifest = body.value("manifest", Json());
  return manifest.is_null() ? Json::object() : manifest;
}

HttpResponse SaidOrProblem(const CallAnswer& answer) {
  return answer.ok() ? JsonResponse(200, SaidManifest(answer.document())) : ProblemOf(answer.reply);
}

}  // namespace

CallAnswer DeclarativeSourceResource::Find(const PathParameters& path) const {
  const std::string& id = path.at("definitionId");
  CallAnswer answer = CallConfig(context_, "source_definitions/get", {{"sourceDefinitionId", id}});
  if (answer.ok() && !answer.document().contains("manifest")) {
    return {NotFound("declarative source definition", id)};
  }
  return answer;
}

HttpResponse DeclarativeSourceResource::List(const std::string& workspace_id) const {
  const auto answer = CallConfig(context_, "source_definitions/list_for_workspace",
                                 {{"workspaceId", workspace_id}});
  if (!answer.ok()) return ProblemOf(answer.reply);
  Json rows = Json::array();
  for (const Json& definition : answer.document().value("sourceDefinitions", Json::array())) {
    if (definition.contains("manifest")) rows.push_back(SaidManifest(definition));
  }
  return JsonResponse(200, {{"previous", ""}, {"next", ""}, {"data", std::move(rows)}});
}

HttpResponse DeclarativeSourceResource::Create(const HttpRequest& request,
                                               const std::string& workspace_id) const {
  const auto body = DocumentOf(request);
  if (!body) return NoDocument();
  const Json definition{{"name", TextOf(*body, "name")}, {"manifest", ManifestIn(*body)}};
  return SaidOrProblem(
      CallConfig(context_, "source_definitions/create_custom",
                 {{"workspaceId", workspace_id}, {"sourceDefinition", definition}}));
}

HttpResponse DeclarativeSourceResource::Get(const PathParameters& path) const {
  return SaidOrProblem(Find(path));
}

HttpResponse DeclarativeSourceResource::Update(const HttpRequest& request,
                                               const PathParameters& path) const {
  const auto body = DocumentOf(request);
  if (!body) return NoDocument();
  const CallAnswer found = Find(path);
  if (!found.ok()) return ProblemOf(found.reply);
  return SaidOrProblem(CallConfig(
      context_, "source_definitions/update",
      {{"sourceDefinitionId", path.at("definitionId")}, {"manifest", ManifestIn(*body)}}));
}

HttpResponse DeclarativeSourceResource::Delete(const HttpRequest& request,
                                               const PathParameters& path) const {
  const CallAnswer found = Find(path);
  if (!found.ok()) return ProblemOf(found.reply);
  const auto answer =
      CallConfig(context_, "source_definitions/delete",
                 {{"sourceDefinitionId", path.at("definitionId")}}, CallerOf(request));
  return answer.ok() ? JsonResponse(200, SaidManifest(found.document())) : ProblemOf(answer.reply);
}

void DeclarativeSourceResource::AddTo(Router& router) const {
  const std::string all = "/api/public/v1/workspaces/{workspaceId}/definitions/declarative_sources";
  AddCollectionRoutes(*this, all, router);
}

}  // namespace millrace
