#include "server/http/request_parser.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "server/http/error_document.h"
#include "server/http/reply_text.h"
#include "server/http/request_head.h"

namespace millrace {
namespace {

namespace http = boost::beast::http;

constexpr size_t kLeastRoom = 2 << 10;
constexpr size_t kMostRoom = 64 << 10;

}  // namespace

struct RequestParser::Message {
  const size_t header_bytes_max;
  const size_t body_bytes_max;
  std::optional<http::request_parser<http::string_body>> parser = {};
  boost::beast::flat_buffer buffer = {};  // what came and is not parsed yet
  size_t room = kLeastRoom;
  HttpRequest request = {};  // all but its body, once the headers have come
  bool has_head = false;
  bool expects = false;
  HeadAnswer refusal = {};
};

RequestParser::RequestParser(size_t header_bytes_max, size_t body_bytes_max)
    : message_(new Message{header_bytes_max, body_bytes_max}) {}
RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::Next() {
  message_->parser.emplace();
  message_->parser->header_limit(static_cast<uint32_t>(message_->header_bytes_max));
  message_->parser->body_limit(message_->body_bytes_max);
  message_->request = {};
  message_->has_head = false;
  message_->expects = false;
  if (message_->buffer.size() > 0) return Parse();
  message_->buffer.shrink_to_fit();
  message_->room = kLeastRoom;
  return State::kMore;
}

std::span<char> RequestParser::Room() {
  const auto room = message_->buffer.prepare(message_->room);
  return {static_cast<char*>(room.data()), room.size()};
}

RequestParser::State RequestParser::Take(size_t size) {
  message_->buffer.commit(size);
  if (size >= message_->room) message_->room = std::min(2 * message_->room, kMostRoom);
  return Parse();
}

RequestParser::State RequestParser::Parse() {
  auto& parser = *message_->parser;
  auto& buffer = message_->buffer;
  while (!parser.is_done() && buffer.size() > 0) {
    boost::system::error_code error;
    buffer.consume(parser.put(buffer.data(), error));
    // The parser limits headers and bodies, not what may stand beside a chunk's size.
    const bool boundless = buffer.size() > message_->header_bytes_max + kMostRoom;
    if (error == http::error::need_more && !boundless) return State::kMore;
    if (error == http::error::body_limit || error == http::error::header_limit ||
        error == http::error::need_more) {
      return Refuse(413, "the request is too large");
    }
    if (error) return Refuse(400, "this is no HTTP request");
    if (parser.is_header_done() && !message_->has_head && TakeHead() == State::kRefused) {
      return State::kRefused;
    }
  }
  return parser.is_done() ? State::kWhole : State::kMore;
}

/// Before any of the body, whose end may bring more fields.
RequestParser::State RequestParser::TakeHead() {
  message_->has_head = true;
  const HeadAnswer answer = TakeRequestHead(message_->parser->get(), &message_->request);
  if (answer.status != 0) return Refuse(answer.status, answer.why);
  const bool older = message_->parser->get().version() < 11;
  message_->expects = !older && !message_->request.Header("expect").empty();
  message_->parser->eager(true);  // the body, as much as is there
  return State::kMore;
}

RequestParser::State RequestParser::Refuse(int status, const char* why) {
  message_->refusal = {status, why};
  return State::kRefused;
}

HttpResponse RequestParser::refusal() const {
  const auto& [status, why] = message_->refusal;
  return message_->has_head ? ErrorDocument(message_->request, status, why) : Refusal(status, why);
}

bool RequestParser::IsHead() const { return message_->parser->get().method() == http::verb::head; }

size_t RequestParser::body_bytes() const { return message_->parser->get().body().size(); }

const HttpRequest& RequestParser::head() const { return message_->request; }

void RequestParser::Forget() {
  message_->parser.emplace();
  message_->request = {};
  message_->buffer = {};
}

bool RequestParser::TakeExpectation() {
  // Whoever sends the body without waiting needs no word.
  const bool waits = message_->expects && body_bytes() == 0 && message_->buffer.size() == 0;
  if (message_->has_head) message_->expects = false;
  return waits;
}

bool RequestParser::KeepsAlive() const { return message_->parser->get().keep_alive(); }

HttpRequest RequestParser::Release() {
  message_->request.body = std::move(message_->parser->get().body());
  return std::move(message_->request);
}

}  // namespace millrace
