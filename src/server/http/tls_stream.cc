#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/http/connection_stream.h"

namespace millrace {
namespace {

namespace asio = boost::asio;

class TlsTcpStream : public ConnectionStream {
 public:
  TlsTcpStream(Tcp::socket socket, asio::ssl::context& context)
      : ConnectionStream(std::move(socket)), tls_(socket_, context) {}

  Awaitable<bool> Handshake() override {
    boost::system::error_code error;
    co_await tls_.async_handshake(asio::ssl::stream_base::server,
                                  asio::redirect_error(asio::use_awaitable, error));
    shaken_ = !error;
    co_return shaken_;
  }

  Awaitable<size_t> ReadSome(asio::mutable_buffer room) override {
    boost::system::error_code error;
    const size_t size =
        co_await tls_.async_read_some(room, asio::redirect_error(asio::use_awaitable, error));
    co_return error ? 0 : size;
  }

  Awaitable<void> Shutdown() override {
    boost::system::error_code ignored;
    if (shaken_) co_await tls_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    socket_.shutdown(Tcp::socket::shutdown_both, ignored);
  }

 private:
  /// A TLS record holds 16 KB: a short first part goes into one with the second's beginning.
  Awaitable<size_t> WriteSome(Buffers bytes) override {
    boost::system::error_code error;
    const size_t size =
        co_await tls_.async_write_some(bytes, asio::redirect_error(asio::use_awaitable, error));
    co_return error ? 0 : size;
  }

  asio::ssl::stream<Tcp::socket&> tls_;
  bool shaken_ = false;
};

}  // namespace

std::shared_ptr<ConnectionStream> TlsStream(asio::ip::tcp::socket socket,
                                            asio::ssl::context& context) {
  return std::make_shared<TlsTcpStream>(std::move(socket), context);
}

Result<std::shared_ptr<asio::ssl::context>> TlsServerContext(const std::string& certificate_file,
                                                             const std::string& key_file) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  context->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate_file, error);
  if (error) {
    return ConfigError("can't use the certificate {}: {}", certificate_file, error.message());
  }
  context->use_private_key_file(key_file, asio::ssl::context::pem, error);
  if (error) return ConfigError("can't use the key {}: {}", key_file, error.message());
  return context;
}

}  // namespace millrace
