#pragma once

#include <atomic>
#include <memory>
#include <stop_token>

#include "base/result.h"
#include "clients/http/http_message.h"
#include "clients/http/http_options.h"

namespace millrace {

class HttpExchange;
class HttpLinePool;

/// What one attempt at a request came to.
struct HttpAttempt {
  Status status;       ///< not ok: no whole reply came
  HttpReply response;  ///< of any status code
  bool may_retry = false;
};

/// Speaks HTTP/1.1 with any number of hosts, keeping connections open. TLS is always verified;
/// proxies are those of the environment (http_proxy, https_proxy, no_proxy). Messages name host and
/// path, never a query or credentials. The process ignores SIGPIPE (TLS writes to sockets that may
/// have closed). Thread-safe; outlives the exchanges it started.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  const HttpOptions& options() const { return options_; }

  /// Sends the request and reads the whole reply, of whatever status. Attempts at most
  /// options().retry.attempts_max times: again after a broken connection, a missed deadline and
  /// the statuses of IsTransientStatus; but only a few times while no server has answered yet and
  /// none can be connected to. Not ok: there is no reply. kCanceled: `stop`.
  Result<HttpReply> Send(const HttpCall& request, std::stop_token stop = {});

  /// The same, once: for who counts attempts itself.
  HttpAttempt SendOnce(const HttpCall& request, std::stop_token stop = {});

  /// An attempt whose reply is read piece by piece (see HttpReader).
  std::unique_ptr<HttpExchange> Start(HttpCall request, std::stop_token stop = {});

 private:
  /// Counts a connection that did not come about. True: it is not worth another attempt.
  bool GivesUp();

  const HttpOptions options_;
  const std::unique_ptr<HttpLinePool> pool_;
  std::atomic<bool> answered_{false};
  std::atomic<int> unreachable_{0};
};

}  // namespace millrace
