#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "server/http/body_budget.h"
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
    BodyBudget& bodies;
    const std::atomic<bool>& stopping;
  };

  HttpConnection(const Shared& shared, std::shared_ptr<ConnectionStream> stream, bool secure);

  /// Returns when the peer or the server is done with it.
  Awaitable<void> Serve();

  /// A request is in hand: its reply must still be sent.
  bool busy() const { return busy_; }
  /// Since when it has been waiting for a request to come whole; none while it has one.
  std::optional<std::chrono::steady_clock::time_point> waiting_since() const {
    return waiting_since_;
  }
  /// Ends one that waits, for others to have its place.
  void Evict();
  ConnectionStream& stream() { return *stream_; }

 private:
  Awaitable<bool> ServeRequest();
  Awaitable<bool> Read(BodyBudget::Share* body, std::optional<HttpResponse>* refusal);
  Awaitable<std::optional<HttpResponse>> AskGate();
  Awaitable<void> Refuse(const HttpResponse& refusal);
  Awaitable<HttpResponse> Answer();
  void SayWhoSent(HttpRequest* request) const;
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
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;
};

}  // namespace millrace
