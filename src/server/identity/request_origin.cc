#include "server/identity/request_origin.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/lower_case.h"

namespace millrace {
namespace {

constexpr const char* kProxyHeaders[] = {
    "forwarded",        "x-forwarded-for",    "x-forwarded-host", "x-forwarded-proto",
    "x-forwarded-port", "x-forwarded-server", "x-real-ip",        "via"};

/// "localhost" of "localhost:8000".
std::string_view WithoutPort(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    const bool whole = end == host.size() - 1 || host.substr(end + 1).starts_with(':');
    return whole ? host.substr(0, end + 1) : host;
  }
  return host.substr(0, host.find(':'));
}

/// Empty: there is no scheme before it.
std::string_view AfterScheme(std::string_view url) {
  const size_t scheme = url.find("://");
  return scheme == std::string_view::npos ? std::string_view() : url.substr(scheme + 3);
}

bool IsLoopbackName(std::string_view name) {
  if (name == "localhost" || name == "[::1]") return true;
  // 127.0.0.0/8, in its plain form: digits and points.
  return name.starts_with("127.") &&
         name.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

bool IsLoopbackAddress(std::string_view address) { return IsLoopbackName(WithoutPort(address)); }

bool CameThroughProxy(const HttpRequest& request) {
  for (const char* header : kProxyHeaders) {
    if (request.headers.contains(header)) return true;
  }
  return false;
}

std::string ForeignOrigin(const HttpRequest& request, bool loopback_only,
                          const std::vector<std::string>& public_names) {
  const std::string_view host = request.Header("host");
  const std::string_view name = WithoutPort(host);
  if (loopback_only && !IsLoopbackName(name) &&
      std::ranges::find(public_names, LowerCaseOf(name)) == public_names.end()) {
    return fmt::format(
        "this server is not called \"{}\": use localhost or 127.0.0.1, or start it with "
        "--public-url",
        host);
  }
  const std::string_view origin = request.Header("origin");
  if (origin.empty()) return {};
  const std::string_view from = AfterScheme(origin);
  // A page can't send X-Forwarded-Host to another site: browsers ask that site first.
  const bool same = !from.empty() && (from == host || from == request.Header("x-forwarded-host"));
  return same ? std::string() : "requests from pages of other sites are refused";
}

Result<std::string> PublicNameOf(std::string_view url) {
  const bool http = url.starts_with("https://") || url.starts_with("http://");
  const std::string_view authority = AfterScheme(url).substr(0, AfterScheme(url).find('/'));
  std::string name = LowerCaseOf(WithoutPort(authority));
  if (!http || name.empty() || name.find_first_of(" @?#*") != std::string::npos) {
    return ConfigError("--public-url {}: give it as https://NAME", url);
  }
  return name;
}

}  // namespace millrace
