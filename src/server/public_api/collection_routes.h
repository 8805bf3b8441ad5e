#pragma once

#include <string>

#include "server/http/router.h"

namespace millrace {

/// The five routes of a workspace's collection: list and create at `all`, get, update and delete at
/// `all`/{definitionId}. `Resource` is a plain value with List(workspace id), Create(request,
/// workspace id), Get(path), Update(request, path) and Delete(request, path).
template <typename Resource>
void AddCollectionRoutes(const Resource& self, const std::string& all, Router& router) {
  const std::string one = all + "/{definitionId}";
  router.Add("GET", all, [self](const HttpRequest&, const PathParameters& path) {
    return self.List(path.at("workspaceId"));
  });
  router.Add("POST", all, [self](const HttpRequest& request, const PathParameters& path) {
    return self.Create(request, path.at("workspaceId"));
  });
  router.Add("GET", one,
             [self](const HttpRequest&, const PathParameters& path) { return self.Get(path); });
  router.Add("PUT", one, [self](const HttpRequest& request, const PathParameters& path) {
    return self.Update(request, path);
  });
  router.Add("DELETE", one, [self](const HttpRequest& request, const PathParameters& path) {
    return self.Delete(request, path);
  });
}

}  // namespace millrace
