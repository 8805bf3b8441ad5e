#pragma once

#include "catalogue/catalogue.h"
#include "server/public_api/public_call.h"

namespace millrace {

/// /sources or /destinations, and what they have beyond Airbyte's: /{id}/check, /{id}/discover.
/// Thread-safe.
class ActorResource {
 public:
  ActorResource(const PublicContext& context, ConnectorType kind)
      : context_(context), kind_(kind) {}

  void AddTo(Router& router) const;

  // What its routes call (see AddResource).
  HttpResponse List(const HttpRequest& request) const;
  HttpResponse Create(const HttpRequest& request) const;
  HttpResponse Get(const std::string& id) const;
  /// `whole`: what is sent replaces the configuration (PUT); else its fields are changed (PATCH).
  HttpResponse Update(const HttpRequest& request, const std::string& id, bool whole) const;
  HttpResponse Delete(const HttpRequest& request, const std::string& id) const;

 private:
  HttpResponse Check(const std::string& id) const;
  HttpResponse Discover(const HttpRequest& request, const std::string& id) const;

  /// "sourceId" for "Id".
  std::string Field(std::string_view rest) const;
  /// "sources/get" for "get".
  std::string Path(std::string_view call) const;
  /// The config API's document in the public API's words.
  Json Said(const Json& actor) const;
  /// The definition that a creation asks for: by id, which wins, or by the configuration's type.
  std::string DefinitionAsked(const Json& body) const;

  PublicContext context_;
  ConnectorType kind_;
};

}  // namespace millrace
