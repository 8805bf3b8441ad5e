#pragma once

#include "server/public_api/public_call.h"

namespace millrace {

/// /jobs, and beyond Airbyte's: /jobs/{id}/logs, and what a connection is asked to do under
/// /connections/{id}/refresh and /clear. Thread-safe.
class JobResource {
 public:
  explicit JobResource(const PublicContext& context) : context_(context) {}

  void AddTo(Router& router) const;

  // What its routes call (see AddResource).
  HttpResponse List(const HttpRequest& request) const;
  HttpResponse Create(const HttpRequest& request) const;
  HttpResponse Get(const std::string& id) const;
  /// Cancels it.
  HttpResponse Delete(const HttpRequest& request, const std::string& id) const;

 private:
  HttpResponse Logs(const std::string& id) const;
  /// Starts a refresh or a clear of the connection in the path.
  HttpResponse Start(const HttpRequest& request, const std::string& connection_id,
                     const std::string& job_type) const;

  /// Starts a job of a public type; `body`: {streams, refreshMode} matter.
  HttpResponse StartJob(const std::string& job_type, const std::string& connection_id,
                        const Json& body, const Caller& caller) const;

  PublicContext context_;
};

}  // namespace millrace
