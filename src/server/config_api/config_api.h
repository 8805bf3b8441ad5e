#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"
#include "server/http/http_message.h"
#include "server/http/router.h"

namespace millrace {

/// What the config API answers: its paths, and the same calls by their path below /api/v1.
struct ConfigRoutes {
  Router router;
  std::map<std::string, ConfigCall, std::less<>> calls;
};

/// The config API, /api/v1: JSON documents by POST. Owned by the server; thread-safe once made.
class ConfigApi {
 public:
  explicit ConfigApi(const Services& services);

  /// Answers a request whose path begins with api/v1; an unknown path is that API's 404.
  HttpResponse Handle(const HttpRequest& request) const;

  /// Makes one call ("sources/create") without HTTP: what the public API is made of, so that both
  /// keep the same rules. 501 when this version has no such call.
  ApiReply Call(std::string_view path, const Json& body, const Caller& caller) const;

  std::vector<std::string> Routes() const { return routes_.router.Routes(); }

 private:
  ConfigRoutes routes_;
};

}  // namespace millrace
