#pragma once

#include "server/public_api/public_call.h"

namespace millrace {

/// /workspaces/{workspaceId}/definitions/declarative_sources: custom sources that are low-code
/// manifests, {"name", "manifest"}. The same ones are among definitions/sources. Thread-safe.
class DeclarativeSourceResource {
 public:
  explicit DeclarativeSourceResource(const PublicContext& context) : context_(context) {}

  void AddTo(Router& router) const;

  HttpResponse List(const std::string& workspace_id) const;
  HttpResponse Create(const HttpRequest& request, const std::string& workspace_id) const;
  HttpResponse Get(const PathParameters& path) const;
  HttpResponse Update(const HttpRequest& request, const PathParameters& path) const;
  /// 200 and what was deleted, as Airbyte has it.
  HttpResponse Delete(const HttpRequest& request, const PathParameters& path) const;

 private:
  /// The definition that a path names; 404 for one that is no manifest.
  CallAnswer Find(const PathParameters& path) const;

  PublicContext context_;
};

}  // namespace millrace
