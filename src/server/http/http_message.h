#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// One request, taken apart. A plain value; what it holds came from outside and may be anything.
struct HttpRequest {
  std::string method;             ///< "GET", upper case
  std::vector<std::string> path;  ///< decoded segments, without empty ones: {"api", "v1", "health"}
  /// Decoded; a name may occur more than once.
  std::multimap<std::string, std::string, std::less<>> query;
  std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
  std::string body;
  std::string peer;            ///< the address it came from, without the port
  bool secure = false;         ///< it came over TLS
  bool from_loopback = false;  ///< the peer's address is one of this machine's loopback
  std::string person_id;       ///< who sent it, once that is known; empty: nobody who signed in

  /// Empty when there is none.
  std::string_view Header(std::string_view lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  }
};

/// The next piece of a reply that comes little by little.
struct HttpPiece {
  std::string bytes;  ///< may be empty
  bool last = false;
  std::chrono::milliseconds wait{0};  ///< before the next one is asked for
};

/// What is sent back. A plain value.
struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< besides type and length
  /// Not empty: asked for pieces until the last one, after `body`. Called on the handlers' threads,
  /// one call at a time, quick: between calls such a reply holds no thread. Forgotten when the peer
  /// is gone or the server stops.
  std::function<HttpPiece()> next_piece = nullptr;
};

}  // namespace millrace
