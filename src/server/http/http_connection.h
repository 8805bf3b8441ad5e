#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "server/http/connection_stream.h"
#include "server/http/handler_pool.h"
#include "server/http/request_parser.h"

namespace millrace {

/// One peer's connection, from its first byte to its last: requests are read one after the other,
/// handed to the handlers, and answered in their order. Lives in the coroutine that serves it, on
/// the server's io thread.
class HttpConnection {
 public:
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;

  /// What all connections of a server share; it outlives them.
  struct Shared {
    const HttpServer::Options& options;
    HandlerPool& handlers;
    RequestsInHand& in_hand;
    const std::atomic<bool>& stopping;
  };

  HttpConnection(const Shared& shared, std::shared_ptr<ConnectionStream> stream, bool secure);

  /// Returns when the peer or the server is done with it.
  Awaitable<void> Serve();

  /// A request is in hand: its reply must still be sent.
  bool busy() const { return busy_; }
  ConnectionStream& stream() { return *stream_; }

 private:
  Awaitable<bool> ServeRequest();
  Awaitable<bool> Read(RequestParser::State* state);
  Awaitable<void> Refuse(RequestParser::State state, bool head_only);
  Awaitable<HttpResponse> Answer();
  Awaitable<bool> Send(const HttpResponse& response, bool head_only, bool keep_alive);
  Awaitable<bool> SendPieces(HttpResponse response, bool keep_alive);
  Awaitable<void> Pause(std::chrono::milliseconds time);
  Awaitable<void> Drain();

  const Shared shared_;
  const std::shared_ptr<ConnectionStream> stream_;
  const bool secure_;
  std::string peer_;  // empty: gone already
  bool from_loopback_ = false;
  RequestParser parser_;
  bool busy_ = false;
};

}  // namespace millrace
