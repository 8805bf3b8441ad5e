#include "server/public_api/connection_resource.h"

#include <nlohmann/json.hpp>

#include "control/store/connections.h"
#include "server/http/json_body.h"
#include "server/public_api/connection_words.h"
#include "server/public_api/resource_routes.h"
#include "server/public_api/stream_words.h"

namespace millrace {
namespace {

HttpResponse Refusal(const Status& status) { return ProblemOf(Problem{422, status.ToString()}); }

HttpResponse SaidConnection(const CallAnswer& answer) {
  if (!answer.ok()) return ProblemOf(answer.reply);
  if (TextOf(answer.document(), "status") == "deprecated") {
    return ProblemOf(NotFound("connection", TextOf(answer.document(), "connectionId")));
  }
  return JsonResponse(200, ConnectionToPublic(answer.document()));
}

/// Settings and schedule of a request, in the config API's words.
Result<Json> ConnectionToConfig(const Json& request) {
  MR_ASSIGN_OR_RETURN(Json call, SettingsToConfig(request));
  if (const auto schedule = request.find("schedule");
      schedule != request.end() && !schedule->is_null()) {
    MR_ASSIGN_OR_RETURN(const Json said, ScheduleToConfig(*schedule));
    call.update(said);
  }
  return call;
}

}  // namespace

CallAnswer ConnectionResource::Discover(const std::string& source_id, bool ignore_cache) const {
  CallAnswer answer = CallConfig(context_, "sources/discover_schema",
                                 {{"sourceId", source_id}, {"disable_cache", ignore_cache}});
  if (!answer.ok() || answer.document().contains("catalog")) return answer;
  const Json job = answer.document().value("jobInfo", Json::object());
  const std::string why = TextOf(job.value("failureReason", Json::object()), "externalMessage");
  return {Unprocessable("sourceId", "the source's streams can't be discovered: " + why)};
}

HttpResponse ConnectionResource::List(const HttpRequest& request) const {
  Problem problem;
  const auto page = PublicPageOf(request, &problem);
  if (!page) return ProblemOf(problem);
  auto workspaces = WorkspacesAsked(context_, request);
  if (!workspaces.ok()) return ProblemOf(Failure(workspaces.status()));
  ConnectionFilter filter;
  filter.workspace_ids = *std::move(workspaces);
  filter.tag_ids = QueryList(request, "tagIds");
  std::vector<Connection> connections;
  const Status read = context_.services.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(connections,
                        ListConnections(transaction, filter, {page->limit + 1, page->offset}));
    return Status::Ok();
  });
  if (!read.ok()) return ProblemOf(Failure(read));
  std::vector<Json> calls;
  for (const Connection& one : connections) calls.push_back({{"connectionId", one.id}});
  return ListOfAnswers(context_, request, *page, {"connections/get", calls}, ConnectionToPublic);
}

HttpResponse ConnectionResource::Create(const HttpRequest& request) const {
  const auto body = DocumentOf(request);
  if (!body) return NoDocument();
  auto call = ConnectionToConfig(*body);
  if (!call.ok()) return Refusal(call.status());
  for (const char* end : {"sourceId", "destinationId"}) {
    if (TextOf(*body, end).empty()) {
      return ProblemOf(Problem{400, fmt::format("{} is missing", end)});
    }
    (*call)[end] = TextOf(*body, end);
  }
  const CallAnswer offered = Discover(TextOf(*body, "sourceId"), /*ignore_cache=*/false);
  if (!offered.ok()) return ProblemOf(offered.reply);
  const auto catalog =
      CatalogToConfig(body->value("configurations", Json()), offered.document().at("catalog"));
  if (!catalog.ok()) return Refusal(catalog.status());
  (*call)["syncCatalog"] = *catalog;
  if (const std::string id = TextOf(offered.document(), "catalogId"); !id.empty()) {
    (*call)["sourceCatalogId"] = id;
  }
  const Json defaults{
      {"status", "active"}, {"namespaceDefinition", "destination"}, {"scheduleType", "manual"}};
  for (const auto& [field, value] : defaults.items()) {
    if (!call->contains(field)) (*call)[field] = value;
  }
  return SaidConnection(CallConfig(context_, "connections/create", *call, CallerOf(request)));
}

HttpResponse ConnectionResource::Get(const std::string& id) const {
  return SaidConnection(CallConfig(context_, "connections/get", {{"connectionId", id}}));
}

Result<Json> ConnectionResource::ChangedCatalog(const Json& configurations,
                                                const Json& connection) const {
  const Json has = connection.value("syncCatalog", Json::object());
  auto catalog = CatalogToConfig(configurations, has);
  if (catalog.ok()) return catalog;
  const CallAnswer offered = Discover(TextOf(connection, "sourceId"), /*ignore_cache=*/false);
  if (!offered.ok()) return ConfigError("{}", TextOf(*offered.reply.body, "message"));
  return CatalogToConfig(configurations, offered.document().at("catalog"));
}

HttpResponse ConnectionResource::Update(const HttpRequest& request, const std::string& id) const {
  const auto body = DocumentOf(request);
  if (!body) return NoDocument();
  auto call = ConnectionToConfig(*body);
  if (!call.ok()) return Refusal(call.status());
  (*call)["connectionId"] = id;
  // None named changes nothing here: to select all of them again would replace what was loaded.
  if (const auto configurations = body->find("configurations");
      configurations != body->end() && configurations->is_object() &&
      !configurations->value("streams", Json::array()).empty()) {
    const auto connection = CallConfig(context_, "connections/get", {{"connectionId", id}});
    if (!connection.ok()) return ProblemOf(connection.reply);
    const auto catalog = ChangedCatalog(*configurations, connection.document());
    if (!catalog.ok()) return Refusal(catalog.status());
    (*call)["syncCatalog"] = *catalog;
  }
  return SaidConnection(CallConfig(context_, "connections/update", *call, CallerOf(request)));
}

HttpResponse ConnectionResource::Delete(const HttpRequest& request, const std::string& id) const {
  const auto answer =
      CallConfig(context_, "connections/delete", {{"connectionId", id}}, CallerOf(request));
  return answer.ok() ? HttpResponse{204, "", "", {}} : ProblemOf(answer.reply);
}

HttpResponse ConnectionResource::Streams(const HttpRequest& request) const {
  const std::string source_id = QueryText(request, "sourceId");
  if (source_id.empty()) return ProblemOf(Problem{400, "sourceId is missing"});
  std::vector<std::string> modes;
  if (const std::string id = QueryText(request, "destinationId"); !id.empty()) {
    const auto destination = CallConfig(context_, "destinations/get", {{"destinationId", id}});
    if (!destination.ok()) return ProblemOf(destination.reply);
    const auto specification = CallConfig(
        context_, "destination_definition_specifications/get",
        {{"destinationDefinitionId", destination.document()["destinationDefinitionId"]}});
    if (specification.ok()) {
      for (const Json& mode :
           specification.document().value("supportedDestinationSyncModes", Json::array())) {
        if (mode.is_string()) modes.push_back(mode.get<std::string>());
      }
    }
  }
  const CallAnswer offered = Discover(source_id, QueryText(request, "ignoreCache") == "true");
  if (!offered.ok()) return ProblemOf(offered.reply);
  Json streams = Json::array();
  for (const Json& entry : offered.document().at("catalog").value("streams", Json::array())) {
    streams.push_back(StreamToPublic(entry.value("stream", Json::object()), modes));
  }
  return JsonResponse(200, streams);
}

HttpResponse ConnectionResource::GetState(const std::string& id) const {
  const auto answer = CallConfig(context_, "state/get", {{"connectionId", id}});
  return answer.ok() ? JsonResponse(200, answer.document()) : ProblemOf(answer.reply);
}

HttpResponse ConnectionResource::PutState(const HttpRequest& request, const std::string& id) const {
  auto body = DocumentOf(request);
  if (!body) return NoDocument();
  (*body)["connectionId"] = id;
  const auto answer = CallConfig(context_, "state/create_or_update_safe",
                                 {{"connectionId", id}, {"connectionState", *body}});
  return answer.ok() ? JsonResponse(200, answer.document()) : ProblemOf(answer.reply);
}

void ConnectionResource::AddTo(Router& router) const {
  const ConnectionResource self = *this;
  const std::string all = "/api/public/v1/connections";
  const std::string one = all + "/{id}";
  router.Add("GET", "/api/public/v1/streams",
             [self](const HttpRequest& request, const auto&) { return self.Streams(request); });
  AddResource(router, all, self);
  router.Add("GET", one + "/state", [self](const HttpRequest&, const PathParameters& path) {
    return self.GetState(path.at("id"));
  });
  router.Add("PUT", one + "/state", [self](const HttpRequest& request, const PathParameters& path) {
    return self.PutState(request, path.at("id"));
  });
}

}  // namespace millrace
