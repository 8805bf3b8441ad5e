#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <optional>

#include "server/http/http_server.h"
#include "server/http/requests_in_hand.h"

namespace millrace {

/// The threads on which requests are handled. Owned by the server; what returns an awaitable
/// belongs to the io thread and comes back to it.
class HandlerPool {
 public:
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;

  /// Answers 503 when more than `waiting_max` are in hand. Borrows `in_hand`.
  HandlerPool(size_t threads, const RequestsInHand& in_hand, size_t waiting_max,
              HttpServer::Handler handler);

  /// Has a request handled, which is in hand already. 500 when the handler throws.
  Awaitable<HttpResponse> Answer(HttpRequest request);
  /// Whether more of its body is taken; 500 when the gate throws.
  Awaitable<std::optional<HttpResponse>> AskGate(const HttpServer::LargeBodyGate& gate,
                                                 HttpRequest head);
  /// Asks for the next piece of a reply; the last one when that throws.
  Awaitable<HttpPiece> Ask(const std::function<HttpPiece()>& next);

  /// Waits for handlers that run; others will not. Not on the io thread.
  void Stop();

 private:
  Awaitable<void> Run(std::function<void()> work);

  const RequestsInHand& in_hand_;
  const size_t waiting_max_;
  const HttpServer::Handler handler_;
  boost::asio::thread_pool threads_;
};

}  // namespace millrace
