#include "clients/http/http_reader.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/log.h"
#include "clients/http/http_error.h"
#include "clients/http/retry_after.h"

namespace millrace {
namespace {

constexpr int64_t kUnknown = -1;

int64_t ParseNumber(std::string_view text) {
  int64_t number = kUnknown;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 ? number
                                                                                 : kUnknown;
}

/// "bytes 100-199/1234", "bytes */1234".
struct ContentRange {
  int64_t first = kUnknown;
  int64_t total = kUnknown;
};

ContentRange ParseContentRange(std::string_view text) {
  ContentRange range;
  if (!text.starts_with("bytes ")) return range;
  text.remove_prefix(6);
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return range;
  range.total = ParseNumber(text.substr(slash + 1));
  range.first = ParseNumber(text.substr(0, std::min(text.find('-'), slash)));
  return range;
}

}  // namespace

HttpReader::HttpReader(HttpClient& client, HttpSource source, int64_t offset, std::stop_token stop)
    : client_(client),
      source_(std::move(source)),
      stop_(std::move(stop)),
      backoff_(client.options().retry),
      position_(offset) {}

Result<std::unique_ptr<HttpReader>> HttpReader::Open(HttpClient& client, HttpSource source,
                                                     int64_t offset, std::stop_token stop) {
  std::unique_ptr<HttpReader> reader(
      new HttpReader(client, std::move(source), offset, std::move(stop)));
  MR_RETURN_IF_ERROR(reader->Connect());
  return reader;
}

Status HttpReader::Connect() {
  // Ends: Wait() says no after attempts_max attempts without progress.
  for (;;) {
    bool retry = false;
    std::optional<std::chrono::milliseconds> pause;
    const Status status = ConnectOnce(&retry, &pause);
    if (status.ok()) return status;
    exchange_.reset();
    const bool again = retry && backoff_.Wait(stop_, pause);
    if (stop_.stop_requested()) return Status::Canceled();
    if (!again) return status;
    Log(LogLevel::kWarn, "{} (trying again, attempt {})", status.ToString(), backoff_.attempt());
  }
}

Status HttpReader::ConnectOnce(bool* retry, std::optional<std::chrono::milliseconds>* pause) {
  MR_ASSIGN_OR_RETURN(HttpCall request, source_.make_request());
  where_ = SafeUrl(request.url);
  if (position_ > 0) request.headers.emplace_back("Range", fmt::format("bytes={}-", position_));
  exchange_ = client_.Start(std::move(request), stop_);
  Status status = exchange_->ReadHead();
  if (!status.ok()) {
    *retry = exchange_->may_retry();
    return status;
  }
  const int code = exchange_->head().status;
  if (code == 200 || code == 206) {
    status = AcceptHead();
    *retry = exchange_->may_retry();
    return status;
  }
  if (code == 416) {
    // Behind the end of what is there now; once something was read, that is something else.
    if (opened_) return Replaced();
    ended_ = true;
    opened_ = true;
    total_size_ = ParseContentRange(exchange_->head().Find("Content-Range")).total;
    return Status::Ok();
  }
  auto body = exchange_->ReadAll();
  *retry = IsTransientStatus(code) || !body.ok();
  *pause = RetryAfter(exchange_->head());
  const HttpReply response{exchange_->head(), body.ok() ? *body : std::string()};
  return (source_.explain ? source_.explain : HttpStatusError)(exchange_->request(), response);
}

Status HttpReader::AcceptHead() {
  const HttpResponseHead& head = exchange_->head();
  const bool partial = head.status == 206;
  ContentRange range;
  if (partial) {
    range = ParseContentRange(head.Find("Content-Range"));
  } else {
    range = {0, ParseNumber(head.Find("Content-Length"))};
  }
  const bool resumes = opened_;
  if (partial && range.first != position_) {
    return TransientError("{}: asked for bytes from {} on, got others ({})", where_, position_,
                          head.Find("Content-Range"));
  }
  if (resumes) {
    MR_RETURN_IF_ERROR(CheckUnchanged(range.total));
  } else {
    head_ = head;
    total_size_ = range.total;
  }
  opened_ = true;
  if (partial) return Status::Ok();
  MR_RETURN_IF_ERROR(Skip(position_));
  return ended_ && resumes ? Replaced() : Status::Ok();
}

Status HttpReader::Replaced() const {
  return TransientError("{}: the transfer broke, and it was replaced meanwhile; run again", where_);
}

Status HttpReader::CheckUnchanged(int64_t total_size) const {
  const HttpResponseHead& now = exchange_->head();
  const bool sizes_known = total_size >= 0 && total_size_ >= 0;
  const bool comparable =
      sizes_known || !head_.Find("ETag").empty() || !head_.Find("Last-Modified").empty();
  const bool same = now.Find("ETag") == head_.Find("ETag") &&
                    now.Find("Last-Modified") == head_.Find("Last-Modified") &&
                    (!sizes_known || total_size == total_size_);
  if (!comparable) {
    return TransientError(
        "{}: the transfer broke, and the server doesn't say whether it is still the same; run "
        "again",
        where_);
  }
  return same ? Status::Ok() : Replaced();
}

/// A server without ranges sends everything once more.
Status HttpReader::Skip(int64_t bytes) {
  std::vector<char> piece(static_cast<size_t>(std::min<int64_t>(bytes, 256 * 1024)));
  while (bytes > 0) {
    MR_ASSIGN_OR_RETURN(
        const int64_t got,
        exchange_->Read(piece.data(),
                        std::min<int64_t>(bytes, static_cast<int64_t>(piece.size()))));
    if (got == 0) {
      ended_ = true;
      return Status::Ok();
    }
    bytes -= got;
  }
  return Status::Ok();
}

Result<int64_t> HttpReader::Read(char* out, int64_t size) {
  // Ends: resumes_ is bounded.
  while (!ended_) {
    if (exchange_ == nullptr) MR_RETURN_IF_ERROR(Connect());
    if (ended_) break;
    const auto got = exchange_->Read(out, size);
    if (got.ok() && *got > 0) {
      position_ += *got;
      backoff_.Reset();
      return got;
    }
    if (got.ok()) {
      // Without a total size, libcurl has seen the end that the server's framing announced.
      ended_ = total_size_ < 0 || position_ >= total_size_;
      if (ended_) break;
    }
    const Status status =
        got.ok() ? TransientError("{}: ended at byte {} of {}", where_, position_, total_size_)
                 : got.status().WithContext(fmt::format("reading at byte {}", position_));
    const bool retry = got.ok() || exchange_->may_retry();
    exchange_.reset();
    if (!retry || ++resumes_ > kResumesMax || !backoff_.Wait(stop_)) {
      return stop_.stop_requested() ? Status::Canceled() : status;
    }
    Log(LogLevel::kWarn, "{} (going on from there)", status.ToString());
  }
  return 0;
}

}  // namespace millrace
