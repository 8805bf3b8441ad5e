#include "server/http/router.h"

#include <algorithm>

#include <optional>

namespace millrace {
namespace {

std::vector<std::string> SegmentsOf(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (end > 0) segments.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

/// Requires as many segments on both sides.
std::optional<PathParameters> Captured(const std::vector<std::string>& pattern,
                                       const std::vector<std::string>& path) {
  PathParameters parameters;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string& part = pattern[i];
    if (part.front() == '{') {
      parameters.emplace(part.substr(1, part.size() - 2), path[i]);
    } else if (part != path[i]) {
      return std::nullopt;
    }
  }
  return parameters;
}

}  // namespace

void Router::Add(std::string_view method, std::string_view pattern, Handler handler) {
  std::vector<std::string> segments = SegmentsOf(pattern);
  auto& routes = routes_[segments.size()];
  routes.push_back({std::string(method), std::move(segments), std::move(handler)});
}

Router::Match Router::Find(const HttpRequest& request) const {
  Match match;
  const auto candidates = routes_.find(request.path.size());
  if (candidates == routes_.end()) return match;
  bool literal = false;
  for (const Route& route : candidates->second) {
    auto parameters = Captured(route.pattern, request.path);
    if (!parameters) continue;
    match.found = Found::kOtherMethod;
    if (route.method == request.method) {
      return {Found::kHandler, &route.handler, {}, std::move(*parameters)};
    }
    if (parameters->empty() != literal) {
      if (literal) continue;
      literal = true;
      match.allowed.clear();
    }
    match.allowed += (match.allowed.empty() ? "" : ", ") + route.method;
  }
  return match;
}

std::vector<std::string> Router::Routes() const {
  std::vector<std::string> names;
  for (const auto& [size, routes] : routes_) {
    for (const Route& route : routes) {
      names.push_back(route.method + " ");
      for (const std::string& part : route.pattern) names.back() += "/" + part;
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace millrace
