#include "server/public_api/public_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/http/error_document.h"
#include "server/http/json_body.h"
#include "server/public_api/actor_resource.h"
#include "server/public_api/connection_resource.h"
#include "server/public_api/declarative_source_resource.h"
#include "server/public_api/definition_resource.h"
#include "server/public_api/job_resource.h"
#include "server/public_api/tag_resource.h"
#include "server/public_api/workspace_resource.h"

namespace millrace {
namespace {

/// What Airbyte has below /api/public/v1 and this version has not.
constexpr std::string_view kNotHere[] = {"permissions", "groups",   "regions",
                                         "dataplanes",  "embedded", "oauth"};

bool IsNotHere(const HttpRequest& request) {
  if (request.path.size() < 4) return false;
  if (std::ranges::find(kNotHere, request.path[3]) != std::end(kNotHere)) return true;
  return std::ranges::any_of(request.path, [](const std::string& part) {
    return part == "oauthCredentials" || part == "initiateOAuth";
  });
}

}  // namespace

PublicApi::PublicApi(const Services& services, const ConfigApi& config) {
  const PublicContext context{services, config};
  router_.Add("GET", "/api/public/v1/health", [&config](const HttpRequest&, const PathParameters&) {
    const int status = config.Call("health", Json::object(), {}).status;
    return JsonResponse(status, {{"status", status == 200 ? "ok" : "unavailable"}});
  });
  WorkspaceResource(context).AddTo(router_);
  for (const ConnectorType kind : {ConnectorType::kSource, ConnectorType::kDestination}) {
    ActorResource(context, kind).AddTo(router_);
    DefinitionResource(context, kind).AddTo(router_);
  }
  DeclarativeSourceResource(context).AddTo(router_);
  DefinitionResource::AddConnectorDefinitions(context, router_);
  ConnectionResource(context).AddTo(router_);
  JobResource(context).AddTo(router_);
  TagResource(context).AddTo(router_);
}

HttpResponse PublicApi::Handle(const HttpRequest& request) const {
  if (IsNotHere(request)) {
    return ErrorDocument(request, 501, fmt::format("this version has no {}", request.path.back()));
  }
  const Router::Match match = router_.Find(request);
  if (match.found == Router::Found::kHandler) return (*match.handler)(request, match.parameters);
  if (match.found == Router::Found::kOtherMethod) {
    return OtherMethodDocument(request, match.allowed);
  }
  return ErrorDocument(request, 404, "there is no such path in this version's public API");
}

}  // namespace millrace
