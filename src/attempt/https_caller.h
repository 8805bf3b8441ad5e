#pragma once

#include <memory>
#include <string>

#include "attempt/json_line_socket.h"
#include "attempt/start_document.h"
#include "base/result.h"
#include "clients/http/http_client.h"

namespace millrace {

/// Calls the process that serves attempts over HTTPS, for an attempt that can't reach its socket.
/// The channel's lines come down as the body of one long reply (GET), and go up as bodies of at
/// most a megabyte, one after the other (POST); both carry the attempt's token as a bearer token
/// and the number of the call. A socket in between makes it look like any other channel: whatever
/// breaks, that socket ends, and the attempt calls again.
///
/// Certificates are verified. The environment's proxies are not asked. Owned by the channel's
/// redial; one thread calls, two threads of each call carry the bytes.
class HttpsCaller {
 public:
  explicit HttpsCaller(ParentAddress parent);
  /// Ends the call.
  ~HttpsCaller();
  HttpsCaller(const HttpsCaller&) = delete;
  HttpsCaller& operator=(const HttpsCaller&) = delete;

  /// Ends the call before, and makes a new one. Blocks for half a minute at most. Fails when nobody
  /// is there, isn't who its certificate says, or doesn't (yet) know the attempt.
  Result<std::unique_ptr<JsonLineSocket>> Call();

 private:
  class Line;

  const ParentAddress parent_;
  HttpClient client_;
  std::unique_ptr<Line> line_;
};

}  // namespace millrace
