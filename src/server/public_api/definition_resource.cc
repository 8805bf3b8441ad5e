#include "server/public_api/definition_resource.h"

#include <nlohmann/json.hpp>

#include "server/http/error_document.h"
#include "server/http/json_body.h"
#include "server/public_api/collection_routes.h"

namespace millrace {

std::string DefinitionResource::Path(std::string_view call) const {
  return fmt::format("{}_definitions/{}", ToString(kind_), call);
}

std::string DefinitionResource::IdField() const {
  return fmt::format("{}DefinitionId", ToString(kind_));
}

Json DefinitionResource::Said(const Json& definition) const {
  Json said{{"id", definition.at(IdField())},
            {"name", TextOf(definition, "name")},
            {"dockerRepository", TextOf(definition, "dockerRepository")},
            {"dockerImageTag", TextOf(definition, "dockerImageTag")}};
  if (const std::string url = TextOf(definition, "documentationUrl"); !url.empty()) {
    said["documentationUrl"] = url;
  }
  for (const char* own : {"command", "manifest"}) {
    if (const auto found = definition.find(own); found != definition.end()) said[own] = *found;
  }
  return said;
}

HttpResponse DefinitionResource::SaidOrProblem(const CallAnswer& answer) const {
  if (!answer.ok()) return ProblemOf(answer.reply);
  return JsonResponse(200, Said(answer.document()));
}

HttpResponse DefinitionResource::List(const std::string& workspace_id) const {
  const auto answer =
      CallConfig(context_, Path("list_for_workspace"), {{"workspaceId", workspace_id}});
  if (!answer.ok()) return ProblemOf(answer.reply);
  Json rows = Json::array();
  const std::string list = fmt::format("{}Definitions", ToString(kind_));
  for (const Json& definition : answer.document().value(list, Json::array())) {
    rows.push_back(Said(definition));
  }
  return JsonResponse(200, {{"previous", ""}, {"next", ""}, {"data", std::move(rows)}});
}

HttpResponse DefinitionResource::Create(const HttpRequest& request,
                                        const std::string& workspace_id) const {
  const auto body = DocumentOf(request);
  if (!body) return NoDocument();
  return SaidOrProblem(CallConfig(
      context_, Path("create_custom"),
      {{"workspaceId", workspace_id}, {fmt::format("{}Definition", ToString(kind_)), *body}}));
}

HttpResponse DefinitionResource::Get(const PathParameters& path) const {
  return SaidOrProblem(
      CallConfig(context_, Path("get_for_workspace"),
                 {{"workspaceId", path.at("workspaceId")}, {IdField(), path.at("definitionId")}}));
}

HttpResponse DefinitionResource::Update(const HttpRequest& request,
                                        const PathParameters& path) const {
  auto body = DocumentOf(request);
  if (!body) return NoDocument();
  (*body)["workspaceId"] = path.at("workspaceId");
  (*body)[IdField()] = path.at("definitionId");
  return SaidOrProblem(CallConfig(context_, Path("update"), *body));
}

HttpResponse DefinitionResource::Delete(const HttpRequest&, const PathParameters& path) const {
  const Json call{{"workspaceId", path.at("workspaceId")}, {IdField(), path.at("definitionId")}};
  const auto definition = CallConfig(context_, Path("get_for_workspace"), call);
  if (!definition.ok()) return ProblemOf(definition.reply);
  const auto answer = CallConfig(context_, Path("delete"), call);
  return answer.ok() ? JsonResponse(200, Said(definition.document())) : ProblemOf(answer.reply);
}

void DefinitionResource::AddTo(Router& router) const {
  const std::string all =
      fmt::format("/api/public/v1/workspaces/{{workspaceId}}/definitions/{}s", ToString(kind_));
  AddCollectionRoutes(*this, all, router);
}

void DefinitionResource::AddConnectorDefinitions(const PublicContext& context, Router& router) {
  router.Add(
      "GET", "/api/public/v1/connector_definitions",
      [context](const HttpRequest& request, const PathParameters&) {
        const std::string type = QueryText(request, "type");
        if (!type.empty() && type != "source" && type != "destination") {
          return ProblemOf(Problem{400, "type must be source or destination"});
        }
        Json rows = Json::array();
        for (const CatalogueEntry& entry : context.services.definitions.catalogue().entries()) {
          if (!type.empty() && ToString(entry.type) != type) continue;
          rows.push_back({{"id", entry.definition_id},
                          {"name", entry.display_name},
                          {"type", ToString(entry.type)},
                          {"dockerRepository", entry.docker_repository},
                          {"dockerImageTag", entry.docker_image_tag},
                          {"documentationUrl", entry.documentation_url}});
        }
        return JsonResponse(200, {{"data", std::move(rows)}});
      });
}

}  // namespace millrace
