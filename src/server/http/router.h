#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http_message.h"

namespace millrace {

/// The captured parts of a path, by name.
using PathParameters = std::map<std::string, std::string, std::less<>>;

/// Finds the handler of a request by method and path. Filled before the server starts, then only
/// read: thread-safe.
class Router {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&, const PathParameters&)>;
  enum class Found { kHandler, kOtherMethod, kNothing };
  struct Match {
    Found found = Found::kNothing;
    const Handler* handler = nullptr;
    std::string allowed;  ///< kOtherMethod: its methods, "GET, POST"; not those of a pattern that
                          ///< captures what is another route's word
    PathParameters parameters;
  };

  /// `pattern`: "/api/v1/connections/{connectionId}"; a part in braces captures one segment. An
  /// earlier route wins. Slashes at the end do not matter.
  void Add(std::string_view method, std::string_view pattern, Handler handler);

  Match Find(const HttpRequest& request) const;

  /// "GET /api/v1/health" …, sorted.
  std::vector<std::string> Routes() const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> pattern;
    Handler handler;
  };
  /// By the number of segments: a path is compared with its likes only.
  std::map<size_t, std::vector<Route>> routes_;
};

}  // namespace millrace
