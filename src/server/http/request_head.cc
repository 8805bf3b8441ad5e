#include "server/http/request_head.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "base/lower_case.h"

namespace millrace {
namespace {

namespace http = boost::beast::http;

/// How many bytes the character takes that begins `text`, by its first byte and by what may follow
/// that (neither overlong, nor half of a surrogate pair, nor beyond Unicode); 0: it is none.
size_t CharacterSize(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (size == 0 || text.size() < size) return 0;
  const unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < least || byte(1) > most) return 0;
  for (size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return size;
}

/// UTF-8 without a zero, which no database takes.
bool IsText(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) return false;
  while (!bytes.empty()) {
    const size_t size = CharacterSize(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

HeadAnswer TakeTarget(std::string_view text, HttpRequest* request) {
  const auto target = boost::urls::parse_origin_form(text);
  if (!target) return {400, "the request's target is malformed"};
  bool is_text = true;
  for (const auto segment : target->segments()) {
    if (segment.empty()) continue;
    request->path.emplace_back(segment);
    is_text = is_text && IsText(request->path.back());
  }
  for (const auto parameter : target->params()) {
    const auto added = request->query.emplace(parameter.key, parameter.value);
    is_text = is_text && IsText(added->first) && IsText(added->second);
  }
  if (!is_text) return {400, "the request's path and parameters must be UTF-8"};
  return {};
}

}  // namespace

HeadAnswer TakeRequestHead(const http::request_header<>& head, HttpRequest* request) {
  request->method = std::string(head.method_string());
  for (const auto& field : head) {
    request->headers.emplace(LowerCaseOf(field.name_string()), field.value());
  }
  if (head.count(http::field::host) > 1) return {400, "the request names two hosts"};
  if (const size_t codings = head.count(http::field::transfer_encoding); codings > 0) {
    const bool chunked = LowerCaseOf(request->Header("transfer-encoding")) == "chunked";
    if (codings > 1 || !chunked) return {501, "the only transfer coding here is chunked"};
    if (head.count(http::field::content_length) > 0) return {400, "the body has two lengths"};
  }
  const std::string coding = LowerCaseOf(request->Header("content-encoding"));
  if (!coding.empty() && coding != "identity") return {415, "send the body without compression"};
  const std::string expected = LowerCaseOf(request->Header("expect"));
  if (!expected.empty() && expected != "100-continue") {
    return {417, "the only expectation met here is 100-continue"};
  }
  return TakeTarget({head.target().data(), head.target().size()}, request);
}

}  // namespace millrace
