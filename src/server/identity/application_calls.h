#pragma once

#include <string>

#include "control/identity/application_access.h"
#include "server/http/http_message.h"

namespace millrace {

/// applications/* of both APIs, and the tokens. A client secret is shown when its application is
/// made and never again. Thread-safe.
class ApplicationCalls {
 public:
  explicit ApplicationCalls(ApplicationAccess& applications) : applications_(applications) {}

  HttpResponse List(const HttpRequest& request) const;
  HttpResponse Create(const HttpRequest& request) const;
  HttpResponse Get(const HttpRequest& request, const std::string& id) const;
  /// 200 and what was deleted, as Airbyte has it.
  HttpResponse Delete(const HttpRequest& request, const std::string& id) const;
  /// {client_id, client_secret}, as a document, a form, or HTTP Basic; a grant_type may be missing.
  HttpResponse Token(const HttpRequest& request) const;

 private:
  ApplicationAccess& applications_;
};

}  // namespace millrace
