#include "clients/http/transfer.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/deadline.h"
#include "base/refused_address.h"
#include "clients/http/http_error.h"

namespace millrace {
namespace {

// libcurl asks for one call per process before any other, with no other thread in it.
void InitCurlOnce() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  MR_CHECK(code == CURLE_OK, "libcurl can't be initialised");
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

constexpr long kReceiveBufferBytes = 512 * 1024;
// A reply of more headers than any server sends is refused.
constexpr size_t kHeadersMax = 1000;

}  // namespace

std::string_view HttpResponseHead::Find(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoringCase(key, name)) return value;
  }
  return {};
}

HttpLine::HttpLine() {
  InitCurlOnce();
  multi_ = curl_multi_init();
  easy_ = curl_easy_init();
  MR_CHECK(multi_ != nullptr && easy_ != nullptr, "libcurl is out of memory");
}

HttpLine::~HttpLine() {
  curl_easy_cleanup(easy_);
  curl_multi_cleanup(multi_);
}

std::unique_ptr<HttpLine> HttpLinePool::Take() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto line = std::move(idle_.back());
      idle_.pop_back();
      return line;
    }
  }
  return std::make_unique<HttpLine>();
}

void HttpLinePool::GiveBack(std::unique_ptr<HttpLine> line) {
  curl_easy_reset(line->easy());
  std::lock_guard lock(mutex_);
  if (static_cast<int>(idle_.size()) < idle_max_) idle_.push_back(std::move(line));
}

Transfer::Transfer(HttpLinePool& pool, const HttpOptions& options, const HttpCall& request,
                   std::stop_token stop)
    : pool_(pool),
      options_(options),
      request_(request),
      stop_(std::move(stop)),
      line_(pool.Take()) {}

Transfer::~Transfer() {
  // Removing an unfinished exchange closes its connection; a finished one's stays with the line.
  if (added_) curl_multi_remove_handle(line_->multi(), line_->easy());
  pool_.GiveBack(std::move(line_));
  curl_url_cleanup(url_);
  curl_slist_free_all(headers_);
  curl_slist_free_all(connect_to_);
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* opaque) {
  auto* self = static_cast<Transfer*>(opaque);
  const std::string_view line(data, size * count);
  self->bytes_moved_ += static_cast<int64_t>(line.size());
  const std::string_view text = Trim(line);
  if (line.starts_with("HTTP/")) {
    self->head_ = {};
    const size_t space = text.find(' ');
    if (space != std::string_view::npos) {
      self->head_.status = std::atoi(text.data() + space);
      const size_t words = text.find(' ', space + 1);
      if (words != std::string_view::npos) self->head_.reason = Trim(text.substr(words));
    }
  } else if (text.empty()) {
    // After a 1xx another head follows. Trailers end with an empty line, too.
    self->head_complete_ = self->head_complete_ || self->head_.status >= 200;
  } else if (!self->head_complete_) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return line.size();  // a folded line: of no use to us
    if (self->head_.headers.size() >= kHeadersMax) return 0;
    self->head_.headers.emplace_back(Trim(text.substr(0, colon)), Trim(text.substr(colon + 1)));
  }
  return line.size();
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* opaque) {
  auto* self = static_cast<Transfer*>(opaque);
  const size_t bytes = size * count;
  if (self->buffered() >= kBufferBytesMax) {
    self->paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  self->bytes_moved_ += static_cast<int64_t>(bytes);
  if (self->buffer_read_ > 0) {
    self->buffer_.erase(0, self->buffer_read_);
    self->buffer_read_ = 0;
  }
  self->buffer_.append(data, bytes);
  return bytes;
}

Status Transfer::SetUrl() {
  url_ = curl_url();
  MR_CHECK(url_ != nullptr, "libcurl is out of memory");
  const CURLUcode code =
      curl_url_set(url_, CURLUPART_URL, request_.url.c_str(), CURLU_URLENCODE | CURLU_PATH_AS_IS);
  if (code == CURLUE_UNSUPPORTED_SCHEME) return Failure(CURLE_UNSUPPORTED_PROTOCOL);
  if (code != CURLUE_OK) return Failure(CURLE_URL_MALFORMAT);
  char* scheme = nullptr;
  curl_url_get(url_, CURLUPART_SCHEME, &scheme, 0);
  const bool is_http =
      scheme != nullptr && (std::strcmp(scheme, "http") == 0 || std::strcmp(scheme, "https") == 0);
  curl_free(scheme);
  if (!is_http) return Failure(CURLE_UNSUPPORTED_PROTOCOL);
  curl_easy_setopt(line_->easy(), CURLOPT_CURLU, url_);
  return Status::Ok();
}

void Transfer::ConfigureNetwork() {
  CURL* easy = line_->easy();
  if (!options_.use_proxies) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  const char* proxy = std::getenv("HTTP_PROXY");
  if (options_.use_proxies && options_.upper_case_http_proxy && proxy != nullptr &&
      std::getenv("http_proxy") == nullptr && request_.url.starts_with("http:")) {
    curl_easy_setopt(easy, CURLOPT_PROXY, proxy);
  }
  for (const std::string& mapping : options_.connect_to) {
    connect_to_ = curl_slist_append(connect_to_, mapping.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_);
  const char* named = std::getenv("SSL_CERT_FILE");
  if (!options_.ca_bundle.empty()) {
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(options_.ca_bundle, ignored);
    curl_easy_setopt(easy, folder ? CURLOPT_CAPATH : CURLOPT_CAINFO, options_.ca_bundle.c_str());
  } else if (named != nullptr && *named != '\0') {
    curl_easy_setopt(easy, CURLOPT_CAINFO, named);
  }
}

Status Transfer::Configure() {
  CURL* easy = line_->easy();
  MR_RETURN_IF_ERROR(SetUrl());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(
      easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(options_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kReceiveBufferBytes);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request_.connect.value_or(options_.connect).count()));
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  ConfigureNetwork();

  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    has_type = has_type || EqualsIgnoringCase(name, "Content-Type");
    // libcurl drops "Name:"; "Name;" sends it without a value.
    headers_ = curl_slist_append(
        headers_, (value.empty() ? name + ";" : fmt::format("{}: {}", name, value)).c_str());
  }
  headers_ = curl_slist_append(headers_, "Expect:");
  const bool sends = !request_.body.empty() || request_.method == "PUT" ||
                     request_.method == "POST" || request_.method == "PATCH";
  if (sends) {
    if (!has_type) headers_ = curl_slist_append(headers_, "Content-Type:");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  }
  if (request_.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
  return Status::Ok();
}

Status Transfer::Failure(CURLcode code) {
  // What libcurl says of an answer without a status line ("HTTP/0.9").
  if (code == CURLE_UNSUPPORTED_PROTOCOL && added_) code = CURLE_WEIRD_SERVER_REPLY;
  failure_ = code;
  const Status failure = TransferError(code, request_.url, error_);
  if (code != CURLE_COULDNT_CONNECT) return failure;
  const Status explained = ExplainRefusedAddress(failure, SafeUrl(request_.url));
  if (explained.error().type == FailureType::kConfigError)
    failure_ = CURLE_URL_MALFORMAT;  // another attempt changes nothing
  return explained;
}

bool Transfer::may_retry() const {
  if (!IsTransientTransfer(failure_)) return false;
  if (request_.may_repeat()) return true;
  long sent = 0;
  curl_easy_getinfo(line_->easy(), CURLINFO_REQUEST_SIZE, &sent);
  return sent == 0;
}

bool Transfer::unreachable() const {
  return failure_ == CURLE_COULDNT_CONNECT || failure_ == CURLE_COULDNT_RESOLVE_HOST;
}

void Transfer::CollectEnd() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(line_->multi(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    ended_ = true;
    end_code_ = message->data.result;
  }
}

Status Transfer::DriveUntilNews() {
  CURLM* multi = line_->multi();
  const bool had_head = head_complete_;
  const std::stop_callback wake(stop_, [multi] { curl_multi_wakeup(multi); });
  const auto stall = request_.stall.value_or(options_.stall);
  Deadline deadline = Deadline::After(stall);
  int64_t moved_before = -1;
  while (!ended_) {
    if (stop_.stop_requested()) return Status::Canceled();
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return Failure(CURLE_OUT_OF_MEMORY);
    CollectEnd();
    if (ended_ || buffered() > 0 || (!had_head && head_complete_)) return Status::Ok();
    curl_off_t sent = 0;
    curl_easy_getinfo(line_->easy(), CURLINFO_SIZE_UPLOAD_T, &sent);
    if (const int64_t moved = bytes_moved_ + sent; moved != moved_before) {
      moved_before = moved;
      deadline = Deadline::After(stall);
    } else if (deadline.Passed()) {
      return Failure(CURLE_OPERATION_TIMEDOUT);
    }
    // Bounded, so that the stall deadline is looked at; the stop token wakes it earlier.
    curl_multi_poll(multi, nullptr, 0, 500, nullptr);
  }
  return Status::Ok();
}

Status Transfer::ReadHead() {
  ForgetRefusedAddress();
  MR_RETURN_IF_ERROR(Configure());
  if (curl_multi_add_handle(line_->multi(), line_->easy()) != CURLM_OK) {
    return Failure(CURLE_OUT_OF_MEMORY);
  }
  added_ = true;
  while (!head_complete_) {
    MR_RETURN_IF_ERROR(DriveUntilNews());
    // What came behind a head is read first; Read() reports how it ended.
    if (ended_ && !head_complete_) {
      return Failure(end_code_ == CURLE_OK ? CURLE_GOT_NOTHING : end_code_);
    }
  }
  return Status::Ok();
}

Result<int64_t> Transfer::Read(char* out, int64_t size) {
  while (buffered() == 0) {
    if (ended_) {
      if (end_code_ != CURLE_OK) return Failure(end_code_);
      return 0;
    }
    if (paused_) {
      paused_ = false;
      // Hands over what it held back, through OnBody.
      if (curl_easy_pause(line_->easy(), CURLPAUSE_CONT) != CURLE_OK) {
        return Failure(CURLE_RECV_ERROR);
      }
      if (buffered() > 0) break;
    }
    MR_RETURN_IF_ERROR(DriveUntilNews());
  }
  const size_t take = std::min(buffered(), static_cast<size_t>(size));
  std::memcpy(out, buffer_.data() + buffer_read_, take);
  buffer_read_ += take;
  return static_cast<int64_t>(take);
}

Result<std::string> Transfer::ReadAll(int64_t bytes_max) {
  std::string body;
  std::string piece(64 * 1024, '\0');
  for (;;) {
    MR_ASSIGN_OR_RETURN(const int64_t got, Read(piece.data(), static_cast<int64_t>(piece.size())));
    if (got == 0) return body;
    body.append(piece, 0, static_cast<size_t>(got));
    if (static_cast<int64_t>(body.size()) > bytes_max) {
      return ConfigError("{}: the answer is larger than {} bytes", SafeUrl(request_.url),
                         bytes_max);
    }
  }
}

}  // namespace millrace
