#include "server/identity/request_origin.h"

#include <fmt/format.h>

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

std::string ForeignOrigin(const HttpRequest& request, bool loopback_only) {
  const std::string_view host = request.Header("host");
  if (loopback_only && !CameThroughProxy(request) && !IsLoopbackName(WithoutPort(host))) {
    return fmt::format("this server is not called \"{}\": use localhost or 127.0.0.1", host);
  }
  const std::string_view origin = request.Header("origin");
  if (origin.empty()) return {};
  const size_t scheme = origin.find("://");
  const std::string_view from =
      scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
  // A page can't send X-Forwarded-Host to another site: browsers ask that site first.
  const bool same = !from.empty() && (from == host || from == request.Header("x-forwarded-host"));
  return same ? std::string() : "requests from pages of other sites are refused";
}

}  // namespace millrace
