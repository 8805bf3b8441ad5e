#include "server/public_api/actor_resource.h"

#include <nlohmann/json.hpp>

#include "control/store/actors.h"
#include "server/config_api/definition_calls.h"
#include "server/http/json_body.h"
#include "server/public_api/resource_routes.h"
#include "server/public_api/typed_sources.h"

namespace millrace {

std::string ActorResource::Field(std::string_view rest) const {
  return fmt::format("{}{}", ToString(kind_), rest);
}

std::string ActorResource::Path(std::string_view call) const {
  return fmt::format("{}s/{}", ToString(kind_), call);
}

Json ActorResource::Said(const Json& actor) const {
  const std::string definition_id = TextOf(actor, Field("DefinitionId"));
  const CatalogueEntry* entry =
      FindDefinition(context_.services.definitions.catalogue(), kind_, definition_id);
  const std::string type = entry == nullptr ? "custom" : TypeNameOf(*entry);
  Json configuration = actor.value("connectionConfiguration", Json::object());
  if (entry != nullptr && HasTypedModel(*entry)) configuration[Field("Type")] = type;
  Json said{{Field("Id"), actor.at(Field("Id"))},
            {"name", actor.at("name")},
            {Field("Type"), type},
            {"definitionId", definition_id},
            {"workspaceId", actor.at("workspaceId")},
            {"configuration", std::move(configuration)},
            {"createdAt", actor.value("createdAt", int64_t{0})}};
  if (const auto found = actor.find("resourceAllocation"); found != actor.end()) {
    said["resourceAllocation"] = *found;
  }
  return said;
}

std::string ActorResource::DefinitionAsked(const Json& body) const {
  if (std::string id = TextOf(body, "definitionId"); !id.empty()) return id;
  const auto configuration = body.find("configuration");
  if (configuration == body.end() || !configuration->is_object()) return {};
  const std::string type = TextOf(*configuration, Field("Type"));
  for (const CatalogueEntry& entry : context_.services.definitions.catalogue().entries()) {
    if (entry.type == kind_ && TypeNameOf(entry) == type) return entry.definition_id;
  }
  return {};
}

HttpResponse ActorResource::List(const HttpRequest& request) const {
  Problem problem;
  const auto page = PublicPageOf(request, &problem);
  if (!page) return ProblemOf(problem);
  auto workspaces = WorkspacesAsked(context_, request);
  if (!workspaces.ok()) return ProblemOf(Failure(workspaces.status()));
  ActorFilter filter;
  filter.kind = kind_;
  filter.workspace_ids = *std::move(workspaces);
  filter.definition_id = QueryText(request, "definitionId");
  std::vector<Actor> actors;
  const Status read = context_.services.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(actors, ListActors(transaction, filter, {page->limit + 1, page->offset}));
    return Status::Ok();
  });
  if (!read.ok()) return ProblemOf(Failure(read));
  std::vector<Json> calls;
  for (const Actor& actor : actors) calls.push_back({{Field("Id"), actor.id}});
  return ListOfAnswers(context_, request, *page, {Path("get"), calls},
                       [this](const Json& actor) { return Said(actor); });
}

HttpResponse ActorResource::Create(const HttpRequest& request) const {
  auto body = DocumentOf(request);
  if (!body) return NoDocument();
  Json configuration = body->value("configuration", Json());
  if (!configuration.is_object()) return ProblemOf(Problem{400, "configuration must be an object"});
  const std::string definition_id = DefinitionAsked(*body);
  if (definition_id.empty()) {
    return ProblemOf(Problem{
        422, fmt::format("say which connector it is: definitionId, or the configuration's {}",
                         Field("Type"))});
  }
  // Clients put a type there that may belong to another connector: the definition's id is right.
  configuration.erase(Field("Type"));
  Json call{{Field("DefinitionId"), definition_id},
            {"name", TextOf(*body, "name")},
            {"workspaceId", TextOf(*body, "workspaceId")},
            {"connectionConfiguration", std::move(configuration)}};
  if (const auto found = body->find("resourceAllocation"); found != body->end()) {
    call["resourceAllocation"] = *found;
  }
  const auto answer = CallConfig(context_, Path("create"), call);
  return answer.ok() ? JsonResponse(200, Said(answer.document())) : ProblemOf(answer.reply);
}

HttpResponse ActorResource::Get(const std::string& id) const {
  const auto answer = CallConfig(context_, Path("get"), {{Field("Id"), id}});
  return answer.ok() ? JsonResponse(200, Said(answer.document())) : ProblemOf(answer.reply);
}

HttpResponse ActorResource::Update(const HttpRequest& request, const std::string& id,
                                   bool whole) const {
  auto body = DocumentOf(request);
  if (!body) return NoDocument();
  Json call{{Field("Id"), id}};
  if (const auto name = body->find("name"); name != body->end()) call["name"] = *name;
  Json configuration = body->value("configuration", Json());
  if (configuration.is_object()) {
    configuration.erase(Field("Type"));
    call["connectionConfiguration"] = std::move(configuration);
  } else if (whole || !configuration.is_null()) {
    return ProblemOf(Problem{400, "configuration must be an object"});
  }
  if (const auto found = body->find("resourceAllocation"); found != body->end()) {
    call["resourceAllocation"] = *found;
  }
  const auto answer = CallConfig(context_, Path(whole ? "update" : "partial_update"), call);
  return answer.ok() ? JsonResponse(200, Said(answer.document())) : ProblemOf(answer.reply);
}

HttpResponse ActorResource::Delete(const HttpRequest& request, const std::string& id) const {
  const auto answer = CallConfig(context_, Path("delete"), {{Field("Id"), id}}, CallerOf(request));
  return answer.ok() ? HttpResponse{204, "", "", {}} : ProblemOf(answer.reply);
}

HttpResponse ActorResource::Check(const std::string& id) const {
  const auto answer = CallConfig(context_, Path("check_connection"), {{Field("Id"), id}});
  if (!answer.ok()) return ProblemOf(answer.reply);
  Json said{{"status", answer.document().at("status")}};
  if (const auto message = answer.document().find("message"); message != answer.document().end()) {
    said["message"] = *message;
  }
  return JsonResponse(200, said);
}

HttpResponse ActorResource::Discover(const HttpRequest& request, const std::string& id) const {
  const auto answer = CallConfig(
      context_, "sources/discover_schema",
      {{"sourceId", id}, {"disable_cache", QueryText(request, "ignoreCache") != "false"}});
  if (!answer.ok()) return ProblemOf(answer.reply);
  const auto catalog = answer.document().find("catalog");
  if (catalog == answer.document().end()) {
    const Json& job = answer.document().value("jobInfo", Json::object());
    const Json reason = job.value("failureReason", Json::object());
    return ProblemOf(Problem{422, "discovery failed: " + TextOf(reason, "externalMessage")});
  }
  return JsonResponse(200, {{"catalog", *catalog}});
}

void ActorResource::AddTo(Router& router) const {
  const ActorResource self = *this;
  const std::string all = fmt::format("/api/public/v1/{}s", ToString(kind_));
  const std::string one = all + "/{id}";
  AddResource(router, all, self);
  for (const bool whole : {false, true}) {
    router.Add(whole ? "PUT" : "PATCH", one,
               [self, whole](const HttpRequest& request, const PathParameters& path) {
                 return self.Update(request, path.at("id"), whole);
               });
  }
  router.Add("POST", one + "/check", [self](const HttpRequest&, const PathParameters& path) {
    return self.Check(path.at("id"));
  });
  if (kind_ == ConnectorType::kDestination) return;
  router.Add("POST", one + "/discover",
             [self](const HttpRequest& request, const PathParameters& path) {
               return self.Discover(request, path.at("id"));
             });
}

}  // namespace millrace
