#include "server/http/reply_text.h"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>

namespace millrace {

std::string ReplyHead(const HttpResponse& response, bool keep_alive) {
  const auto reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                 std::string_view(reason.data(), reason.size()));
  const auto add = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  if (!response.content_type.empty()) add("Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) add(name, value);
  if (!keep_alive) add("Connection", "close");
  if (response.next_piece) {
    add("Transfer-Encoding", "chunked");
  } else {
    add("Content-Length", std::to_string(response.body.size()));
  }
  return head += "\r\n";
}

std::string ChunkHead(size_t bytes) { return fmt::format("{:x}\r\n", bytes); }

HttpResponse Refusal(int status, std::string_view message) {
  return {status, "application/json", fmt::format(R"({{"message":"{}"}})", message), {}};
}

}  // namespace millrace
