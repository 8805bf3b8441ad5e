#pragma once

#include "server/public_api/public_call.h"

namespace millrace {

/// /tags. Thread-safe.
class TagResource {
 public:
  explicit TagResource(const PublicContext& context) : context_(context) {}

  void AddTo(Router& router) const;

  // What its routes call (see AddResource).
  HttpResponse List(const HttpRequest& request) const;
  HttpResponse Create(const HttpRequest& request) const;
  HttpResponse Get(const std::string& id) const;
  HttpResponse Update(const HttpRequest& request, const std::string& id) const;
  HttpResponse Delete(const std::string& id) const;

 private:
  Result<std::vector<std::string>> AllWorkspaces() const;

  PublicContext context_;
};

}  // namespace millrace
