// The only file that sees Beast: it takes half a minute to compile.
#include "server/http/http_server.h"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/log.h"

namespace millrace {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

std::string TextOf(const Tcp::endpoint& endpoint) {
  return fmt::format(fmt::runtime(endpoint.address().is_v6() ? "[{}]:{}" : "{}:{}"),
                     endpoint.address().to_string(), endpoint.port());
}

Result<Tcp::endpoint> EndpointOf(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, std::min(colon, address.size()));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(host, error);
  int port = -1;
  if (colon != std::string::npos) {
    const std::string digits = address.substr(colon + 1);
    const bool whole = !digits.empty() && digits.size() <= 5 &&
                       digits.find_first_not_of("0123456789") == std::string::npos;
    port = whole ? std::stoi(digits) : -1;
  }
  if (error || port < 0 || port > 65535) {
    return ConfigError("{} is no address to listen on: give IP:PORT, like 127.0.0.1:8000", address);
  }
  return Tcp::endpoint(ip, static_cast<unsigned short>(port));
}

/// Where a connection comes from.
struct PeerOrigin {
  std::string address;
  bool loopback = false;
  bool secure = false;
};

std::optional<HttpRequest> RequestOf(http::request<http::string_body>&& message,
                                     const PeerOrigin& origin) {
  HttpRequest request;
  request.method = message.method_string();
  const auto target = boost::urls::parse_origin_form(message.target());
  if (!target) return std::nullopt;
  for (const auto segment : target->segments()) {
    if (!segment.empty()) request.path.emplace_back(segment);
  }
  for (const auto parameter : target->params()) {
    request.query.emplace(parameter.key, parameter.value);
  }
  for (const auto& field : message) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers.emplace(std::move(name), field.value());
  }
  request.body = std::move(message.body());
  request.peer = origin.address;
  request.secure = origin.secure;
  request.from_loopback = origin.loopback;
  return request;
}

HttpResponse Refusal(int status, const std::string& message) {
  return {status, "application/json", fmt::format(R"({{"message":"{}"}})", message), {}};
}

http::response<http::string_body> MessageOf(HttpResponse& response, bool head, bool keep_alive) {
  http::response<http::string_body> message(static_cast<http::status>(response.status), 11);
  if (!response.content_type.empty()) {
    message.set(http::field::content_type, response.content_type);
  }
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  message.keep_alive(keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  if (head) message.body().clear();  // the length stays
  return message;
}

class BeastServer : public HttpServer {
 public:
  BeastServer(const Options& options, Handler handler)
      : options_(options),
        handler_(std::move(handler)),
        handlers_(static_cast<size_t>(options.handler_threads)) {}

  ~BeastServer() override { Stop(std::chrono::seconds(1)); }

  Status Open() {
    if (!options_.tls_certificate_file.empty()) MR_RETURN_IF_ERROR(LoadCertificate());
    for (const std::string& address : options_.listen) {
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
    }
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
      for (Connection* connection : connections_) {
        if (!connection->busy) connection->stream.cancel();
      }
    });
    {
      std::unique_lock lock(mutex_);
      idle_.wait_for(lock, limit, [this] { return handling_ == 0; });
    }
    // What is still being handled has no one to answer.
    asio::post(context_, [this] {
      for (Connection* connection : connections_) connection->stream.cancel();
    });
    handlers_.stop();
    handlers_.join();
    context_.stop();
    if (io_.joinable()) io_.join();
    // Streams that waited for their next piece. Nobody else is here any more.
    for (Connection* connection : connections_) connection->stream.close();
  }

  std::vector<std::string> addresses() const override { return addresses_; }
  size_t open_connections() const override { return open_; }

 private:
  struct Connection {
    beast::tcp_stream& stream;
    bool busy = false;
  };

  Status LoadCertificate() {
    tls_.emplace(asio::ssl::context::tls_server);
    tls_->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    boost::system::error_code error;
    tls_->use_certificate_chain_file(options_.tls_certificate_file, error);
    if (error) {
      return ConfigError("can't use the certificate {}: {}", options_.tls_certificate_file,
                         error.message());
    }
    tls_->use_private_key_file(options_.tls_key_file, asio::ssl::context::pem, error);
    if (!error) return Status::Ok();
    return ConfigError("can't use the key {}: {}", options_.tls_key_file, error.message());
  }

  asio::awaitable<void> Accept(Tcp::acceptor& acceptor) {
    while (!stopping_) {
      auto [error, socket] = co_await acceptor.async_accept(kNoThrow);
      if (!acceptor.is_open()) co_return;
      if (error == asio::error::no_descriptors) co_await Pause();
      if (error || connections_.size() >= options_.connections_max) continue;
      socket.set_option(Tcp::no_delay(true), error);
      asio::co_spawn(context_, Session(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }

  asio::awaitable<void> Pause() {
    asio::steady_timer timer(context_, std::chrono::milliseconds(100));
    co_await timer.async_wait(kNoThrow);
  }

  asio::awaitable<void> Session(beast::tcp_stream stream) {
    boost::system::error_code error;
    const auto peer = stream.socket().remote_endpoint(error);
    if (error) co_return;
    const PeerOrigin origin{peer.address().to_string(), peer.address().is_loopback(),
                            tls_.has_value()};
    Connection connection{stream};
    connections_.insert(&connection);
    open_ = connections_.size();
    if (tls_) {
      beast::ssl_stream<beast::tcp_stream&> secure(stream, *tls_);
      stream.expires_after(options_.idle_limit);
      auto [failed] = co_await secure.async_handshake(asio::ssl::stream_base::server, kNoThrow);
      if (!failed) {
        co_await Serve(secure, connection, origin);
        stream.expires_after(std::chrono::seconds(1));
        co_await secure.async_shutdown(kNoThrow);
      }
    } else {
      co_await Serve(stream, connection, origin);
    }
    connections_.erase(&connection);
    open_ = connections_.size();
    stream.socket().shutdown(Tcp::socket::shutdown_both, error);
  }

  template <typename Stream>
  asio::awaitable<void> Serve(Stream& stream, Connection& connection, const PeerOrigin& origin) {
    beast::flat_buffer buffer;
    for (bool again = true; again && !stopping_;) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(options_.body_bytes_max);
      parser.header_limit(options_.header_bytes_max);
      connection.stream.expires_after(options_.idle_limit);
      auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kNoThrow);
      HttpResponse response;
      again = false;
      const bool head = parser.get().method() == http::verb::head;
      if (read_error == http::error::body_limit || read_error == http::error::header_limit) {
        response = Refusal(413, "the request is too large");
      } else if (read_error.category() ==
                     http::make_error_code(http::error::end_of_stream).category() &&
                 read_error != http::error::end_of_stream &&
                 read_error != http::error::partial_message) {
        response = Refusal(400, "this is no HTTP request");
      } else if (read_error) {
        co_return;
      } else {
        again = parser.get().keep_alive();
        connection.busy = true;
        Handling(+1);
        connection.stream.expires_never();
        response = co_await Answer(parser.release(), origin);
      }
      again = again && !stopping_;
      connection.stream.expires_after(options_.idle_limit);
      if (response.next_piece && !head) {
        if (std::exchange(connection.busy, false)) Handling(-1);
        if (!co_await Trickle(stream, connection.stream, std::move(response), again)) co_return;
        continue;
      }
      auto message = MessageOf(response, head, again);
      auto [write_error, written] = co_await http::async_write(stream, message, kNoThrow);
      if (std::exchange(connection.busy, false)) Handling(-1);
      if (write_error) co_return;
      if (message.result() == http::status::payload_too_large)
        co_await Drain(stream, connection.stream);
    }
  }

  /// Sends a reply that comes in pieces, chunked. False when the peer is gone or the server stops.
  template <typename Stream>
  asio::awaitable<bool> Trickle(Stream& stream, beast::tcp_stream& lowest, HttpResponse response,
                                bool keep_alive) {
    http::response<http::empty_body> head(static_cast<http::status>(response.status), 11);
    head.set(http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) head.insert(name, value);
    head.keep_alive(keep_alive);
    head.chunked(true);
    http::response_serializer<http::empty_body> serializer(head);
    auto [head_error, head_size] = co_await http::async_write_header(stream, serializer, kNoThrow);
    if (head_error) co_return false;
    HttpPiece piece{std::move(response.body), false, {}};
    while (!stopping_) {
      if (!piece.bytes.empty()) {
        lowest.expires_after(options_.idle_limit);
        auto [error, size] = co_await asio::async_write(
            stream, http::make_chunk(asio::buffer(piece.bytes)), kNoThrow);
        if (error) co_return false;
        lowest.expires_never();
      }
      if (piece.last) {
        auto [error, size] = co_await asio::async_write(stream, http::make_chunk_last(), kNoThrow);
        co_return !error;
      }
      if (piece.wait.count() > 0) {
        asio::steady_timer timer(context_, piece.wait);
        co_await timer.async_wait(kNoThrow);
      }
      piece =
          co_await asio::co_spawn(handlers_, NextPiece(response.next_piece), asio::use_awaitable);
    }
    co_return false;
  }

  asio::awaitable<HttpPiece> NextPiece(const std::function<HttpPiece()>& next) {
    try {
      co_return next();
    } catch (const std::exception& error) {
      Log(LogLevel::kError, "a reply broke off: {}", error.what());
      co_return HttpPiece{"", true, {}};
    }
  }

  /// Reads away what a peer still sends, so that it gets to read the refusal; until it pauses for
  /// a second, at most 64 MB.
  template <typename Stream>
  asio::awaitable<void> Drain(Stream& stream, beast::tcp_stream& lowest) {
    constexpr size_t kMost = 64 << 20;
    std::vector<char> piece(64 << 10);
    for (size_t drained = 0; drained < kMost;) {
      lowest.expires_after(std::chrono::seconds(1));
      auto [error, size] = co_await stream.async_read_some(asio::buffer(piece), kNoThrow);
      if (error) co_return;
      drained += size;
    }
  }

  /// Counts the requests between their coming and the end of their reply.
  void Handling(int change) {
    {
      const std::lock_guard lock(mutex_);
      handling_ += static_cast<size_t>(change);
    }
    idle_.notify_all();
  }

  /// Runs the handler on its own threads and comes back here.
  asio::awaitable<HttpResponse> Answer(http::request<http::string_body>&& message,
                                       const PeerOrigin& origin) {
    auto request = RequestOf(std::move(message), origin);
    if (!request) co_return Refusal(400, "the request's target is malformed");
    if (handling_ > options_.requests_waiting_max) {
      co_return Refusal(503, "the server is busy: try again");
    }
    co_return co_await asio::co_spawn(handlers_, Handle(std::move(*request)), asio::use_awaitable);
  }

  asio::awaitable<HttpResponse> Handle(HttpRequest request) {
    try {
      co_return handler_(request);
    } catch (const std::exception& error) {
      Log(LogLevel::kError, "a request failed: {}", error.what());
      co_return Refusal(500, "the server failed: see its log");
    }
  }

  const Options options_;
  const Handler handler_;
  asio::io_context context_{1};
  std::optional<asio::ssl::context> tls_;
  std::vector<Tcp::acceptor> acceptors_;
  std::vector<std::string> addresses_;
  std::set<Connection*> connections_;  // io_'s thread only
  std::atomic<size_t> open_ = 0;
  asio::thread_pool handlers_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable idle_;
  size_t handling_ = 0;  // changed under mutex_, by io_ only
  std::jthread io_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options, Handler handler) {
  auto server = std::make_unique<BeastServer>(options, std::move(handler));
  MR_RETURN_IF_ERROR(server->Open());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace millrace
