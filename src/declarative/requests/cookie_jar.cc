#include "declarative/requests/cookie_jar.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

#include "base/lower_case.h"
#include "declarative/requests/python_url.h"

namespace millrace {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool EndsWithDomain(const std::string& host, const std::string& domain) {
  return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                            host[host.size() - domain.size() - 1] == '.');
}

/// RFC 6265's default path: up to the last slash.
std::string DefaultPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

}  // namespace

int64_t CookieJar::Now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(clock_.WallNow().time_since_epoch())
      .count();
}

void CookieJar::Take(std::string_view url, std::string_view set_cookie) {
  const SplitUrl split = UrlSplit(url);
  Cookie cookie;
  cookie.domain = split.Host();
  cookie.path = DefaultPath(split.path);
  for (bool first = true; !set_cookie.empty(); first = false) {
    const size_t end = std::min(set_cookie.find(';'), set_cookie.size());
    const std::string_view part = set_cookie.substr(0, end);
    set_cookie.remove_prefix(std::min(end + 1, set_cookie.size()));
    const size_t equals = part.find('=');
    const std::string_view name = Trim(part.substr(0, equals));
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : Trim(part.substr(equals + 1));
    if (first) {
      if (equals == std::string_view::npos || name.empty()) return;
      cookie.name = name;
      cookie.value = value;
      continue;
    }
    const std::string attribute = LowerCaseOf(name);
    if (attribute == "domain" && !value.empty()) {
      const std::string domain = LowerCaseOf(value.substr(value.starts_with('.') ? 1 : 0));
      // Of no use, and a danger, outside of the server's own domain; nor for a whole top level.
      if (!EndsWithDomain(cookie.domain, domain) || domain.find('.') == std::string::npos) return;
      cookie.domain = domain;
      cookie.subdomains = true;
    } else if (attribute == "path" && value.starts_with('/')) {
      cookie.path = value;
    } else if (attribute == "secure") {
      cookie.secure = true;
    } else if (attribute == "max-age") {
      int64_t seconds = 0;
      std::from_chars(value.data(), value.data() + value.size(), seconds);
      cookie.expires_s = Now() + std::clamp<int64_t>(seconds, -1, 1LL << 40);
    } else if (attribute == "expires" && !cookie.expires_s) {
      const time_t when = curl_getdate(std::string(value).c_str(), nullptr);
      if (when >= 0) cookie.expires_s = when;
    }
  }
  std::lock_guard lock(mutex_);
  std::erase_if(cookies_, [&](const Cookie& old) {
    return old.name == cookie.name && old.domain == cookie.domain && old.path == cookie.path;
  });
  if (cookies_.size() < kCookiesMax) cookies_.push_back(std::move(cookie));
}

bool CookieJar::Matches(const Cookie& cookie, const std::string& host, std::string_view path,
                        bool https) {
  if (cookie.secure && !https) return false;
  if (cookie.subdomains ? !EndsWithDomain(host, cookie.domain) : host != cookie.domain)
    return false;
  if (path == cookie.path || cookie.path == "/") return true;
  return path.starts_with(cookie.path) &&
         (cookie.path.ends_with('/') || path[cookie.path.size()] == '/');
}

std::string CookieJar::HeaderFor(std::string_view url) const {
  const SplitUrl split = UrlSplit(url);
  const std::string host = split.Host();
  const int64_t now = Now();
  std::string header;
  std::lock_guard lock(mutex_);
  for (const Cookie& cookie : cookies_) {
    if (cookie.expires_s && *cookie.expires_s <= now) continue;
    if (!Matches(cookie, host, split.path, split.scheme == "https")) continue;
    if (!header.empty()) header += "; ";
    header += cookie.name + "=" + cookie.value;
  }
  return header;
}

}  // namespace millrace
