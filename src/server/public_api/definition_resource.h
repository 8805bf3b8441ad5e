#pragma once

#include "catalogue/catalogue.h"
#include "server/public_api/public_call.h"

namespace millrace {

/// /workspaces/{workspaceId}/definitions/sources or …/destinations. Thread-safe.
class DefinitionResource {
 public:
  DefinitionResource(const PublicContext& context, ConnectorType kind)
      : context_(context), kind_(kind) {}

  void AddTo(Router& router) const;
  /// /connector_definitions, of both kinds.
  static void AddConnectorDefinitions(const PublicContext& context, Router& router);

  HttpResponse List(const std::string& workspace_id) const;
  HttpResponse Create(const HttpRequest& request, const std::string& workspace_id) const;
  HttpResponse Get(const PathParameters& path) const;
  HttpResponse Update(const HttpRequest& request, const PathParameters& path) const;
  /// 200 and what was deleted, as Airbyte has it.
  HttpResponse Delete(const HttpRequest& request, const PathParameters& path) const;

 private:
  /// "source_definitions/get" for "get".
  std::string Path(std::string_view call) const;
  std::string IdField() const;
  Json Said(const Json& definition) const;
  HttpResponse SaidOrProblem(const CallAnswer& answer) const;

  PublicContext context_;
  ConnectorType kind_;
};

}  // namespace millrace
