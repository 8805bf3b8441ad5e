#pragma once

#include "server/public_api/public_call.h"

namespace millrace {

/// /connections and /streams; beyond Airbyte's: a connection's /state, /refresh and /clear.
/// Thread-safe.
class ConnectionResource {
 public:
  explicit ConnectionResource(const PublicContext& context) : context_(context) {}

  void AddTo(Router& router) const;

  // What its routes call (see AddResource).
  HttpResponse List(const HttpRequest& request) const;
  HttpResponse Create(const HttpRequest& request) const;
  HttpResponse Get(const std::string& id) const;
  HttpResponse Update(const HttpRequest& request, const std::string& id) const;
  HttpResponse Delete(const HttpRequest& request, const std::string& id) const;

 private:
  HttpResponse Streams(const HttpRequest& request) const;
  HttpResponse GetState(const std::string& id) const;
  HttpResponse PutState(const HttpRequest& request, const std::string& id) const;

  /// What the source offers: a reply of sources/discover_schema that holds a catalog, or a refusal.
  CallAnswer Discover(const std::string& source_id, bool ignore_cache) const;
  /// The catalog that a change of a connection asks for, from what it has, or from what its source
  /// offers when that doesn't suffice.
  Result<Json> ChangedCatalog(const Json& configurations, const Json& connection) const;

  PublicContext context_;
};

}  // namespace millrace
