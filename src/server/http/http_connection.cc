#include "server/http/http_connection.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "server/http/reply_text.h"

namespace millrace {

namespace asio = boost::asio;

HttpConnection::HttpConnection(const Shared& shared, std::shared_ptr<ConnectionStream> stream,
                               bool secure)
    : shared_(shared),
      stream_(std::move(stream)),
      secure_(secure),
      parser_(shared.options.header_bytes_max, shared.options.body_bytes_max) {
  boost::system::error_code gone;
  const auto peer = stream_->socket().remote_endpoint(gone).address();
  if (gone) return;
  peer_ = peer.to_string();
  from_loopback_ = peer.is_loopback();
}

HttpConnection::Awaitable<void> HttpConnection::Serve() {
  if (peer_.empty()) co_return;
  stream_->ExpireAfter(shared_.options.idle_limit);
  bool again = co_await stream_->Handshake();
  while (again && !shared_.stopping) again = co_await ServeRequest();
  stream_->ExpireAfter(std::chrono::seconds(1));
  co_await stream_->Shutdown();
}

/// Reads one request and answers it. False when the connection is at its end.
HttpConnection::Awaitable<bool> HttpConnection::ServeRequest() {
  stream_->ExpireAfter(shared_.options.idle_limit);
  auto state = RequestParser::State::kMore;
  const bool read = co_await Read(&state);
  if (!read) co_return false;
  const bool head_only = parser_.IsHead();
  if (state != RequestParser::State::kWhole) {
    co_await Refuse(state, head_only);
    co_return false;
  }
  bool again = parser_.KeepsAlive();
  std::optional<RequestsInHand::One> in_hand(shared_.in_hand);
  busy_ = true;
  stream_->ExpireNever();
  HttpResponse response = co_await Answer();
  again = again && !shared_.stopping;
  stream_->ExpireAfter(shared_.options.idle_limit);
  if (head_only) response.next_piece = nullptr;
  bool sent = false;
  if (response.next_piece) {
    busy_ = false;
    in_hand.reset();
    sent = co_await SendPieces(std::move(response), again);
  } else {
    sent = co_await Send(response, head_only, again);
    busy_ = false;
  }
  again = again && sent;
  co_return again;
}

HttpConnection::Awaitable<void> HttpConnection::Refuse(RequestParser::State state, bool head_only) {
  const bool too_large = state == RequestParser::State::kTooLarge;
  const HttpResponse refusal = too_large ? Refusal(413, "the request is too large")
                                         : Refusal(400, "this is no HTTP request");
  stream_->ExpireAfter(shared_.options.idle_limit);
  const bool sent = co_await Send(refusal, head_only, false);
  if (sent && too_large) co_await Drain();
}

/// False: there is no one to answer, or no time left.
HttpConnection::Awaitable<bool> HttpConnection::Read(RequestParser::State* state) {
  *state = parser_.Next();
  while (*state == RequestParser::State::kMore) {
    const std::span<char> room = parser_.Room();
    const size_t size = co_await stream_->ReadSome(asio::buffer(room.data(), room.size()));
    if (size == 0) co_return false;
    *state = parser_.Take(size);
  }
  co_return true;
}

HttpConnection::Awaitable<HttpResponse> HttpConnection::Answer() {
  auto request = parser_.Release();
  if (!request) co_return Refusal(400, "the request's target is malformed");
  request->peer = peer_;
  request->secure = secure_;
  request->from_loopback = from_loopback_;
  HttpResponse response = co_await shared_.handlers.Answer(std::move(*request));
  co_return response;
}

HttpConnection::Awaitable<bool> HttpConnection::Send(const HttpResponse& response, bool head_only,
                                                     bool keep_alive) {
  const std::string head = ReplyHead(response, keep_alive);
  const std::string_view body = head_only ? std::string_view() : response.body;
  const bool sent = co_await stream_->Write(head, body);
  co_return sent;
}

/// Sends a reply that comes in pieces, chunked. False when the peer is gone or the server stops.
HttpConnection::Awaitable<bool> HttpConnection::SendPieces(HttpResponse response, bool keep_alive) {
  const std::string head = ReplyHead(response, keep_alive);
  bool sent = co_await stream_->Write(head);
  if (!sent) co_return false;
  HttpPiece piece{std::move(response.body), false, {}};
  while (!shared_.stopping) {
    stream_->ExpireAfter(shared_.options.idle_limit);
    if (!piece.bytes.empty()) {
      const std::string chunk_head = ChunkHead(piece.bytes.size());
      piece.bytes += kChunkEnd;
      sent = co_await stream_->Write(chunk_head, piece.bytes);
      if (!sent) co_return false;
    }
    if (piece.last) {
      sent = co_await stream_->Write(kLastChunk);
      co_return sent;
    }
    stream_->ExpireNever();
    if (piece.wait.count() > 0) co_await Pause(piece.wait);
    piece = co_await shared_.handlers.Ask(response.next_piece);
  }
  co_return false;
}

HttpConnection::Awaitable<void> HttpConnection::Pause(std::chrono::milliseconds time) {
  boost::system::error_code ignored;
  asio::steady_timer timer(stream_->socket().get_executor(), time);
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

/// Reads away what a peer still sends, so that it gets to read the refusal; until it pauses for
/// a second, at most 64 MB.
HttpConnection::Awaitable<void> HttpConnection::Drain() {
  constexpr size_t kMost = 64 << 20;
  std::vector<char> piece(64 << 10);
  for (size_t drained = 0; drained < kMost;) {
    stream_->ExpireAfter(std::chrono::seconds(1));
    const size_t size = co_await stream_->ReadSome(asio::buffer(piece));
    if (size == 0) co_return;
    drained += size;
  }
}

}  // namespace millrace
