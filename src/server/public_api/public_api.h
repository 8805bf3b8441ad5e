#pragma once

#include <string>
#include <vector>

#include "server/config_api/config_api.h"
#include "server/config_api/services.h"
#include "server/http/http_message.h"
#include "server/http/router.h"

namespace millrace {

/// The public API, /api/public/v1: REST, for people's programs. It has no rules of its own: each
/// call is one or several of the config API's, in other words. Owned by the server; thread-safe
/// once made.
class PublicApi {
 public:
  /// Both outlive it.
  PublicApi(const Services& services, const ConfigApi& config);

  /// Answers a request whose path begins with api/public; an unknown path is that API's 404.
  HttpResponse Handle(const HttpRequest& request) const;

  std::vector<std::string> Routes() const { return router_.Routes(); }

 private:
  Router router_;
};

}  // namespace millrace
