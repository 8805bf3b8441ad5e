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
  waiting_since_ = std::chrono::steady_clock::now();
  stream_->ExpireAfter(shared_.options.idle_limit);
  bool again = co_await stream_->Handshake();
  while (again && !shared_.stopping) again = co_await ServeRequest();
  stream_->ExpireAfter(std::chrono::seconds(1));
  co_await stream_->Shutdown();
}

/// Reads one request and answers it. False when the connection is at its end.
HttpConnection::Awaitable<bool> HttpConnection::ServeRequest() {
  waiting_since_ = std::chrono::steady_clock::now();
  stream_->ExpireAfter(shared_.options.idle_limit);
  // A proxy on this machine speaks for many.
  BodyBudget::Share body(shared_.bodies, from_loopback_ ? std::string() : peer_);
  std::optional<HttpResponse> refusal;
  const bool read = co_await Read(&body, &refusal);
  if (!read) co_return false;
  if (refusal) {
    co_await Refuse(*refusal);
    co_return false;
  }
  waiting_since_.reset();
  const bool head_only = parser_.IsHead();
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

/// Answers a request that has not come whole.
HttpConnection::Awaitable<void> HttpConnection::Refuse(const HttpResponse& refusal) {
  stream_->ExpireAfter(shared_.options.idle_limit);
  const bool sent = co_await Send(refusal, parser_.IsHead(), false);
  parser_.Forget();
  if (sent) co_await Drain();
}

/// Reads until the request is whole or refused. False: there is no one to answer, or no time left.
HttpConnection::Awaitable<bool> HttpConnection::Read(BodyBudget::Share* body,
                                                     std::optional<HttpResponse>* refusal) {
  bool asked = shared_.options.large_body_gate == nullptr;
  auto state = parser_.Next();
  while (true) {
    if (state == RequestParser::State::kRefused) {
      *refusal = parser_.refusal();
    } else if (!body->Hold(parser_.body_bytes())) {
      *refusal = Refusal(503, "too many requests with large bodies are under way: try again");
    } else if (!asked && parser_.body_bytes() > shared_.options.small_body_bytes) {
      asked = true;
      *refusal = co_await AskGate();
    }
    if (*refusal || state == RequestParser::State::kWhole) co_return true;
    if (parser_.TakeExpectation()) {
      const bool told = co_await stream_->Write("HTTP/1.1 100 Continue\r\n\r\n");
      if (!told) co_return false;
    }
    const std::span<char> room = parser_.Room();
    const size_t size = co_await stream_->ReadSome(asio::buffer(room.data(), room.size()));
    if (size == 0) co_return false;
    state = parser_.Take(size);
  }
}

HttpConnection::Awaitable<std::optional<HttpResponse>> HttpConnection::AskGate() {
  HttpRequest head = parser_.head();
  SayWhoSent(&head);
  auto answer = co_await shared_.handlers.AskGate(shared_.options.large_body_gate, std::move(head));
  co_return answer;
}

HttpConnection::Awaitable<HttpResponse> HttpConnection::Answer() {
  HttpRequest request = parser_.Release();
  SayWhoSent(&request);
  HttpResponse response = co_await shared_.handlers.Answer(std::move(request));
  co_return response;
}

void HttpConnection::SayWhoSent(HttpRequest* request) const {
  request->peer = peer_;
  request->secure = secure_;
  request->from_loopback = from_loopback_;
}

void HttpConnection::Evict() {
  waiting_since_.reset();
  stream_->Close();
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
