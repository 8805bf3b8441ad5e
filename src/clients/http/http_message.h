#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// One request. A plain value; `body` is borrowed and outlives the call that sends it.
struct HttpCall {
  std::string method = "GET";
  /// http or https. What a person typed is fine: spaces and letters beyond ASCII are encoded, what
  /// is percent-encoded already stays, the path is sent as it stands.
  std::string url;
  HttpHeaders headers;
  std::string_view body;

  /// Sending it twice does no harm: retried also when it may have arrived. Left out: all methods
  /// but POST and PATCH.
  std::optional<bool> idempotent;
  /// 3xx replies are followed for GET and HEAD; false: returned as they are.
  bool follow_redirects = true;
  /// Left out: the client's (HttpOptions::stall, connect, body_bytes_max).
  std::optional<std::chrono::milliseconds> stall, connect;
  std::optional<int64_t> response_bytes_max;

  bool may_repeat() const { return idempotent.value_or(method != "POST" && method != "PATCH"); }
};

/// Status line and headers of a reply.
struct HttpResponseHead {
  int status = 0;
  std::string reason;  ///< the status line's words, if any
  HttpHeaders headers;

  /// The first header of that name (whatever its case), trimmed; empty when there is none.
  std::string_view Find(std::string_view name) const;
  bool ok() const { return status >= 200 && status < 300; }
};

/// A whole reply.
struct HttpReply {
  HttpResponseHead head;
  std::string body;
};

}  // namespace millrace
