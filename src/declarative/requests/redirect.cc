#include "declarative/requests/redirect.h"

#include <algorithm>

#include "base/lower_case.h"
#include "declarative/requests/python_url.h"

namespace millrace {
namespace {

std::string_view DefaultPort(std::string_view scheme) {
  if (scheme == "http") return "80";
  return scheme == "https" ? "443" : "";
}

bool IsDefaultPort(const SplitUrl& url) {
  return url.Port().empty() || url.Port() == DefaultPort(url.scheme);
}

/// Whether what authorises for `from` must not be shown to `to`.
bool LosesAuthorization(const SplitUrl& from, const SplitUrl& to) {
  if (from.Host() != to.Host()) return true;
  // The usual upgrade.
  if (from.scheme == "http" && to.scheme == "https" && IsDefaultPort(from) && IsDefaultPort(to)) {
    return false;
  }
  if (from.scheme != to.scheme) return true;
  return from.Port() != to.Port() && !(IsDefaultPort(from) && IsDefaultPort(to));
}

std::string MethodAfter(int status, const std::string& method) {
  if ((status == 302 || status == 303) && method != "HEAD") return "GET";
  if (status == 301 && method == "POST") return "GET";
  return method;
}

}  // namespace

bool IsRedirect(const ApiResponse& response) {
  constexpr int kStatuses[] = {301, 302, 303, 307, 308};
  return std::find(std::begin(kStatuses), std::end(kStatuses), response.status) !=
             std::end(kStatuses) &&
         !response.Header("location").empty();
}

void FollowRedirect(const ApiResponse& response, ApiRequest* request) {
  std::string location(response.Header("location"));
  if (location.starts_with("//")) {
    location = std::string(UrlSplit(response.url).scheme) + ":" + location;
  }
  const SplitUrl target = UrlSplit(location);
  const SplitUrl before = UrlSplit(request->url);
  std::string url =
      target.netloc.empty() ? UrlJoin(response.url, RequoteUri(location)) : RequoteUri(location);
  if (target.fragment.empty() && !before.fragment.empty()) {
    url.append("#").append(before.fragment);
  }
  request->method = MethodAfter(response.status, request->method);
  if (response.status != 307 && response.status != 308) {
    for (const char* name : {"Content-Length", "Content-Type", "Transfer-Encoding"}) {
      request->EraseHeader(name);
    }
    request->body.clear();
    request->has_body = false;
  }
  request->EraseHeader("Cookie");
  request->EraseHeader("Proxy-Authorization");
  if (LosesAuthorization(before, UrlSplit(url))) request->EraseHeader("Authorization");
  request->url = std::move(url);
}

}  // namespace millrace
