#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/http/connection_stream.h"

namespace millrace {
namespace {

namespace asio = boost::asio;

class PlainTcpStream : public ConnectionStream {
 public:
  using ConnectionStream::ConnectionStream;

  Awaitable<bool> Handshake() override { co_return true; }

  Awaitable<size_t> ReadSome(asio::mutable_buffer room) override {
    boost::system::error_code error;
    const size_t size =
        co_await socket_.async_read_some(room, asio::redirect_error(asio::use_awaitable, error));
    co_return error ? 0 : size;
  }

  Awaitable<void> Shutdown() override {
    boost::system::error_code ignored;
    socket_.shutdown(Tcp::socket::shutdown_both, ignored);
    co_return;
  }

 private:
  Awaitable<size_t> WriteSome(Buffers bytes) override {
    boost::system::error_code error;
    const size_t size =
        co_await socket_.async_write_some(bytes, asio::redirect_error(asio::use_awaitable, error));
    co_return error ? 0 : size;
  }
};

}  // namespace

std::shared_ptr<ConnectionStream> PlainStream(asio::ip::tcp::socket socket) {
  return std::make_shared<PlainTcpStream>(std::move(socket));
}

}  // namespace millrace
