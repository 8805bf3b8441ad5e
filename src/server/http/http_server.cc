#include "server/http/http_server.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>
#include <thread>

#include "server/http/http_connection.h"
#include "server/http/listen_address.h"

namespace millrace {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

/// Listens, and keeps account of who is connected. One thread does all input and output.
class ListeningServer : public HttpServer {
 public:
  ListeningServer(const Options& options, Handler handler)
      : options_(options),
        handlers_(static_cast<size_t>(options.handler_threads), in_hand_,
                  options.requests_waiting_max, std::move(handler)) {}

  ~ListeningServer() override { Stop(std::chrono::seconds(1)); }

  Status Open() {
    if (!options_.tls_certificate_file.empty()) {
      MR_ASSIGN_OR_RETURN(tls_,
                          TlsServerContext(options_.tls_certificate_file, options_.tls_key_file));
    }
    for (const std::string& address : options_.listen) MR_RETURN_IF_ERROR(Listen(address));
    for (Tcp::acceptor& acceptor : acceptors_) {
      addresses_.push_back(TextOf(acceptor.local_endpoint()));
      asio::co_spawn(context_, Accept(acceptor), asio::detached);
    }
    io_ = std::jthread([this] { context_.run(); });
    return Status::Ok();
  }

  void Stop(std::chrono::milliseconds limit) override {
    if (stopping_.exchange(true)) return;
    asio::post(context_, [this] {
      boost::system::error_code ignored;
      for (Tcp::acceptor& acceptor : acceptors_) acceptor.close(ignored);
      for (HttpConnection* connection : connections_) {
        if (!connection->busy()) connection->stream().Cancel();
      }
    });
    in_hand_.WaitForNone(limit);
    // What is still being handled has no one to answer.
    asio::post(context_, [this] {
      for (HttpConnection* connection : connections_) connection->stream().Cancel();
    });
    handlers_.Stop();
    context_.stop();
    if (io_.joinable()) io_.join();
    // Streams that waited for their next piece. Nobody else is here any more.
    for (HttpConnection* connection : connections_) connection->stream().Close();
  }

  std::vector<std::string> addresses() const override { return addresses_; }
  size_t open_connections() const override { return open_; }

 private:
  /// A connection among the others, for as long as it is served.
  class Registered {
   public:
    Registered(ListeningServer& server, HttpConnection& connection)
        : server_(server), connection_(connection) {
      server_.connections_.insert(&connection_);
      server_.open_ = server_.connections_.size();
    }
    ~Registered() {
      server_.connections_.erase(&connection_);
      server_.open_ = server_.connections_.size();
    }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;

   private:
    ListeningServer& server_;
    HttpConnection& connection_;
  };

  Status Listen(const std::string& address) {
    MR_ASSIGN_OR_RETURN(const Tcp::endpoint endpoint, EndpointOf(address));
    Tcp::acceptor acceptor(context_);
    boost::system::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return ConfigError("can't listen on {}: {}", address, error.message());
    acceptors_.push_back(std::move(acceptor));
    return Status::Ok();
  }

  asio::awaitable<void> Accept(Tcp::acceptor& acceptor) {
    while (!stopping_) {
      boost::system::error_code error;
      Tcp::socket socket =
          co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (!acceptor.is_open()) co_return;
      if (error == asio::error::no_descriptors) co_await Pause();
      if (error) continue;
      if (connections_.size() >= options_.connections_max && !EvictOne()) continue;
      socket.set_option(Tcp::no_delay(true), error);
      asio::co_spawn(context_, Serve(std::move(socket)), asio::detached);
    }
  }

  /// Makes room for a connection. False: all of them have a request in hand.
  bool EvictOne() {
    HttpConnection* longest = nullptr;
    for (HttpConnection* connection : connections_) {
      if (!connection->waiting_since()) continue;
      if (longest == nullptr || *connection->waiting_since() < *longest->waiting_since()) {
        longest = connection;
      }
    }
    if (longest != nullptr) longest->Evict();
    return longest != nullptr;
  }

  asio::awaitable<void> Pause() {
    boost::system::error_code ignored;
    asio::steady_timer timer(context_, std::chrono::milliseconds(100));
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  asio::awaitable<void> Serve(Tcp::socket socket) {
    HttpConnection connection(
        {options_, handlers_, in_hand_, bodies_, stopping_},
        tls_ == nullptr ? PlainStream(std::move(socket)) : TlsStream(std::move(socket), *tls_),
        tls_ != nullptr);
    const Registered registered(*this, connection);
    co_await connection.Serve();
  }

  const Options options_;
  std::atomic<size_t> open_ = 0;
  std::set<HttpConnection*> connections_;  // io_'s thread only
  std::atomic<bool> stopping_ = false;
  RequestsInHand in_hand_;
  BodyBudget bodies_{options_.bodies_bytes_max, options_.peer_bodies_bytes_max};
  std::shared_ptr<asio::ssl::context> tls_;
  // Destroyed before what stands above: coroutines that wait end with it. The handlers' threads,
  // which hold some of them, go first.
  asio::io_context context_{1};
  std::vector<Tcp::acceptor> acceptors_;
  std::vector<std::string> addresses_;
  HandlerPool handlers_;
  std::jthread io_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options, Handler handler) {
  auto server = std::make_unique<ListeningServer>(options, std::move(handler));
  MR_RETURN_IF_ERROR(server->Open());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace millrace
