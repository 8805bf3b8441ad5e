#pragma once

#include <string>

#include "server/http/router.h"

namespace millrace {

/// Adds the routes that every resource has, over its methods of these names: GET (List) and POST
/// (Create) of `all`; GET, and where it has them PATCH (Update) and DELETE (Delete), of all/{id}.
/// The resource is copied.
template <typename Resource>
void AddResource(Router& router, const std::string& all, const Resource& resource) {
  const std::string one = all + "/{id}";
  router.Add("GET", all, [resource](const HttpRequest& request, const PathParameters&) {
    return resource.List(request);
  });
  router.Add("POST", all, [resource](const HttpRequest& request, const PathParameters&) {
    return resource.Create(request);
  });
  router.Add("GET", one, [resource](const HttpRequest&, const PathParameters& path) {
    return resource.Get(path.at("id"));
  });
  if constexpr (requires(HttpRequest request) { resource.Update(request, ""); }) {
    router.Add("PATCH", one, [resource](const HttpRequest& request, const PathParameters& path) {
      return resource.Update(request, path.at("id"));
    });
  }
  router.Add("DELETE", one,
             [resource]([[maybe_unused]] const HttpRequest& request, const PathParameters& path) {
               // Some ask who calls.
               if constexpr (requires { resource.Delete(request, ""); }) {
                 return resource.Delete(request, path.at("id"));
               } else {
                 return resource.Delete(path.at("id"));
               }
             });
}

}  // namespace millrace
