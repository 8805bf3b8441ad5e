#include "attempt/https_caller.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stop_token>
#include <thread>

#include "base/file_io.h"
#include "base/uuid.h"
#include "clients/http/http_exchange.h"

namespace millrace {
namespace {

constexpr size_t kBodyBytesMax = 1 << 20;
/// The server says something at least every five seconds.
constexpr auto kSilenceMax = std::chrono::seconds(15);
constexpr auto kCallLimit = std::chrono::seconds(10);

HttpOptions OptionsOf(const ParentAddress& parent) {
  HttpOptions options;
  options.ca_bundle = parent.ca_bundle;
  options.use_proxies = false;
  options.connect = kCallLimit;
  options.stall = kSilenceMax;
  options.body_bytes_max = 64 << 10;
  return options;
}

bool SendAll(int fd, const char* data, int64_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, data, static_cast<size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    data += sent;
    size -= sent;
  }
  return true;
}

}  // namespace

/// One call: two threads between HTTP and our end of a pair of sockets.
class HttpsCaller::Line {
 public:
  Line(HttpClient& client, const ParentAddress& parent) : client_(client) {
    url_ = fmt::format("{}/attempts/{}/{}/lines", parent.url, parent.job, parent.number);
    headers_ = {{"Authorization", "Bearer " + parent.token}, {"X-Millrace-Call", RandomUuid()}};
  }

  ~Line() {
    End();
    if (up_.joinable()) up_.join();
    if (down_.joinable()) down_.join();
    if (fd_ >= 0) ::close(fd_);
  }

  Result<std::unique_ptr<JsonLineSocket>> Open() {
    HttpCall call{.url = url_, .headers = headers_, .follow_redirects = false};
    reply_ = client_.Start(std::move(call), stop_.get_token());
    MR_RETURN_IF_ERROR(reply_->ReadHead().WithContext("calling the server over HTTPS"));
    if (reply_->head().status == 404) {
      return TransientError("the server does not know this attempt yet");
    }
    if (!reply_->head().ok()) {
      return TransientError("the server answers {} to this attempt", reply_->head().status);
    }
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
      return ErrnoError(errno, "making a pair of sockets");
    }
    fd_ = fds[0];
    down_ = std::jthread([this] { CarryDown(); });
    up_ = std::jthread([this] { CarryUp(); });
    return std::make_unique<JsonLineSocket>(fds[1]);
  }

 private:
  /// Makes both threads end.
  void End() {
    stop_.request_stop();
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
  }

  void CarryDown() {
    std::string piece(64 << 10, '\0');
    for (;;) {
      const auto got = reply_->Read(piece.data(), static_cast<int64_t>(piece.size()));
      if (!got.ok() || *got == 0 || !SendAll(fd_, piece.data(), *got)) return End();
    }
  }

  void CarryUp() {
    std::string body(kBodyBytesMax, '\0');
    for (;;) {
      const ssize_t got = ::recv(fd_, body.data(), body.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return End();
      const HttpCall call{.method = "POST",
                          .url = url_,
                          .headers = headers_,
                          .body = std::string_view(body).substr(0, static_cast<size_t>(got))};
      // Never a second time: what may have arrived must not arrive twice in the middle of a line.
      const HttpAttempt sent = client_.SendOnce(call, stop_.get_token());
      if (!sent.status.ok() || !sent.response.head.ok()) return End();
    }
  }

  HttpClient& client_;
  std::string url_;
  HttpHeaders headers_;
  std::stop_source stop_;
  std::unique_ptr<HttpExchange> reply_;  // CarryDown's, once it runs
  int fd_ = -1;
  std::jthread down_, up_;
};

HttpsCaller::HttpsCaller(ParentAddress parent)
    : parent_(std::move(parent)), client_(OptionsOf(parent_)) {}

HttpsCaller::~HttpsCaller() = default;

Result<std::unique_ptr<JsonLineSocket>> HttpsCaller::Call() {
  line_.reset();
  auto line = std::make_unique<Line>(client_, parent_);
  MR_ASSIGN_OR_RETURN(auto socket, line->Open());
  line_ = std::move(line);
  return socket;
}

}  // namespace millrace
