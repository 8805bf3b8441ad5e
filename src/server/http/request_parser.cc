#include "server/http/request_parser.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cctype>

namespace millrace {
namespace {

namespace http = boost::beast::http;

constexpr size_t kLeastRoom = 2 << 10;
constexpr size_t kMostRoom = 64 << 10;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

}  // namespace

struct RequestParser::Message {
  const size_t header_bytes_max;
  const size_t body_bytes_max;
  std::optional<http::request_parser<http::string_body>> parser = {};
  boost::beast::flat_buffer buffer = {};  // what came and is not parsed yet
  size_t room = kLeastRoom;
};

RequestParser::RequestParser(size_t header_bytes_max, size_t body_bytes_max)
    : message_(new Message{header_bytes_max, body_bytes_max}) {}
RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::Next() {
  message_->parser.emplace();
  message_->parser->header_limit(static_cast<uint32_t>(message_->header_bytes_max));
  message_->parser->body_limit(message_->body_bytes_max);
  message_->parser->eager(true);  // the body too
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
      return State::kTooLarge;
    }
    if (error) return State::kMalformed;
  }
  return parser.is_done() ? State::kWhole : State::kMore;
}

bool RequestParser::IsHead() const { return message_->parser->get().method() == http::verb::head; }

bool RequestParser::KeepsAlive() const { return message_->parser->get().keep_alive(); }

std::optional<HttpRequest> RequestParser::Release() {
  auto message = message_->parser->release();
  const auto target = boost::urls::parse_origin_form(message.target());
  if (!target) return std::nullopt;
  HttpRequest request;
  request.method = message.method_string();
  for (const auto segment : target->segments()) {
    if (!segment.empty()) request.path.emplace_back(segment);
  }
  for (const auto parameter : target->params()) {
    request.query.emplace(parameter.key, parameter.value);
  }
  for (const auto& field : message) {
    request.headers.emplace(LowerCase(field.name_string()), field.value());
  }
  request.body = std::move(message.body());
  return request;
}

}  // namespace millrace
