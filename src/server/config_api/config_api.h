#pragma once

#include "server/config_api/services.h"
#include "server/http/http_message.h"
#include "server/http/router.h"

namespace millrace {

/// The config API, /api/v1: JSON documents by POST. Owned by the server; thread-safe once made.
class ConfigApi {
 public:
  explicit ConfigApi(const Services& services);

  /// Answers a request whose path begins with api/v1; an unknown path is that API's 404.
  HttpResponse Handle(const HttpRequest& request) const;

 private:
  Router router_;
};

}  // namespace millrace
