#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace millrace {

/// The cookies that servers set in one session: of one requester, in memory, at most kCookiesMax.
/// Thread-safe.
class CookieJar {
 public:
  static constexpr size_t kCookiesMax = 300;

  explicit CookieJar(const Clock& clock) : clock_(clock) {}

  /// Takes a Set-Cookie header of a reply to `url`. What can't be read, or is for another domain,
  /// is ignored.
  void Take(std::string_view url, std::string_view set_cookie);
  /// The Cookie header for a request; empty: none.
  std::string HeaderFor(std::string_view url) const;

 private:
  struct Cookie {
    std::string name, value, domain, path;
    bool subdomains = false, secure = false;
    std::optional<int64_t> expires_s;  // since 1970
  };
  static bool Matches(const Cookie& cookie, const std::string& host, std::string_view path,
                      bool https);
  int64_t Now() const;

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<Cookie> cookies_;  // guarded by mutex_
};

}  // namespace millrace
