#include "server/http/connection_stream.h"

namespace millrace {

namespace asio = boost::asio;

ConnectionStream::ConnectionStream(Tcp::socket socket)
    : socket_(std::move(socket)), deadline_(socket_.get_executor()) {}

ConnectionStream::Awaitable<bool> ConnectionStream::Write(std::string_view first,
                                                          std::string_view second) {
  while (!first.empty() || !second.empty()) {
    const Buffers rest = {asio::const_buffer(first.data(), first.size()),
                          asio::const_buffer(second.data(), second.size())};
    const size_t sent = co_await WriteSome(rest);
    if (sent == 0) co_return false;
    const size_t of_first = std::min(sent, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(sent - of_first);
  }
  co_return true;
}

void ConnectionStream::ExpireAfter(std::chrono::steady_clock::duration limit) {
  deadline_.expires_after(limit);
  deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto stream = weak.lock();
    if (cancelled || stream == nullptr) return;
    // It may have been moved when this was already on its way.
    if (stream->deadline_.expiry() <= std::chrono::steady_clock::now()) stream->Close();
  });
}

void ConnectionStream::ExpireNever() {
  deadline_.expires_at(std::chrono::steady_clock::time_point::max());
}

void ConnectionStream::Cancel() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void ConnectionStream::Close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace millrace
