#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boost::asio::ssl {
class context;
}

namespace millrace {

/// The bytes of one accepted connection, as they are or inside TLS, with one deadline for
/// everything. Held by its HttpConnection; on the server's io thread only. That its operations are
/// type-erased here, below HTTP, is what keeps the compiler's work small.
class ConnectionStream : public std::enable_shared_from_this<ConnectionStream> {
 public:
  using Tcp = boost::asio::ip::tcp;
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;

  explicit ConnectionStream(Tcp::socket socket);
  virtual ~ConnectionStream() = default;
  ConnectionStream(const ConnectionStream&) = delete;
  ConnectionStream& operator=(const ConnectionStream&) = delete;

  /// What comes before the first byte; false when the peer failed at it.
  virtual Awaitable<bool> Handshake() = 0;
  /// Waits for bytes and puts them into `room`; 0: the peer is gone, or the deadline passed, or
  /// Cancel was called.
  virtual Awaitable<size_t> ReadSome(boost::asio::mutable_buffer room) = 0;
  /// What comes after the last byte.
  virtual Awaitable<void> Shutdown() = 0;

  /// Sends `first`, then `second`, whole, in as few calls as the socket takes them. False as with
  /// ReadSome. Both must stay until it returns.
  Awaitable<bool> Write(std::string_view first, std::string_view second = {});

  /// Closes the connection when the time has passed, whatever is under way; until the next call.
  void ExpireAfter(std::chrono::steady_clock::duration limit);
  void ExpireNever();

  /// Breaks off what is under way.
  void Cancel();
  void Close();

  Tcp::socket& socket() { return socket_; }

 protected:
  using Buffers = std::array<boost::asio::const_buffer, 2>;
  /// How much of them was taken; 0 on failure.
  virtual Awaitable<size_t> WriteSome(Buffers bytes) = 0;

  Tcp::socket socket_;

 private:
  boost::asio::steady_timer deadline_;
};

/// A connection without TLS.
std::shared_ptr<ConnectionStream> PlainStream(boost::asio::ip::tcp::socket socket);

/// A connection inside TLS; the context must outlive it.
std::shared_ptr<ConnectionStream> TlsStream(boost::asio::ip::tcp::socket socket,
                                            boost::asio::ssl::context& context);

/// What a TLS server shows its peers (TLS 1.2 and later). Config errors name the file.
Result<std::shared_ptr<boost::asio::ssl::context>> TlsServerContext(
    const std::string& certificate_file, const std::string& key_file);

}  // namespace millrace
