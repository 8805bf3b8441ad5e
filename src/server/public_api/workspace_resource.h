#pragma once

#include "server/public_api/public_call.h"

namespace millrace {

/// /workspaces. Thread-safe.
class WorkspaceResource {
 public:
  explicit WorkspaceResource(const PublicContext& context) : context_(context) {}

  void AddTo(Router& router) const;

  // What its routes call (see AddResource).
  HttpResponse List(const HttpRequest& request) const;
  HttpResponse Create(const HttpRequest& request) const;
  HttpResponse Get(const std::string& id) const;
  HttpResponse Update(const HttpRequest& request, const std::string& id) const;
  HttpResponse Delete(const HttpRequest& request, const std::string& id) const;

 private:
  PublicContext context_;
};

}  // namespace millrace
