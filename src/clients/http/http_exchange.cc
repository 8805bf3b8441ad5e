#include "clients/http/http_exchange.h"

#include <curl/curl.h>

#include <algorithm>

#include "base/lower_case.h"
#include "clients/http/http_error.h"

namespace millrace {
namespace {

// Headers that say nothing about who asks; only these go to another host.
constexpr std::string_view kHarmlessHeaders[] = {"accept",        "accept-language", "if-match",
                                                 "if-none-match", "if-range",        "range"};

bool IsRedirect(const HttpCall& request, int status) {
  if (!request.follow_redirects || (request.method != "GET" && request.method != "HEAD")) {
    return false;
  }
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool IsHarmless(std::string_view name) {
  return std::find(std::begin(kHarmlessHeaders), std::end(kHarmlessHeaders), LowerCaseOf(name)) !=
         std::end(kHarmlessHeaders);
}

/// A parsed URL.
class Url {
 public:
  explicit Url(const std::string& text) : url_(curl_url()) {
    MR_CHECK(url_ != nullptr, "libcurl is out of memory");
    ok_ = Set(text);
  }
  ~Url() { curl_url_cleanup(url_); }
  Url(const Url&) = delete;
  Url& operator=(const Url&) = delete;

  bool ok() const { return ok_; }
  /// Follows a link, which may be relative.
  bool Set(const std::string& text) {
    return curl_url_set(url_, CURLUPART_URL, text.c_str(), CURLU_URLENCODE | CURLU_PATH_AS_IS) ==
           CURLUE_OK;
  }
  std::string Get(CURLUPart part) const {
    char* text = nullptr;
    if (curl_url_get(url_, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return "";
    std::string copy(text);
    curl_free(text);
    return copy;
  }
  std::string Origin() const {
    return Get(CURLUPART_SCHEME) + "://" + Get(CURLUPART_HOST) + ":" + Get(CURLUPART_PORT);
  }

 private:
  CURLU* url_;
  bool ok_;
};

}  // namespace

Status HttpExchange::ReadHead() {
  // Ends: the count is bounded.
  for (int redirects = 0;; ++redirects) {
    transfer_ = std::make_unique<Transfer>(pool_, options_, request_, stop_);
    MR_RETURN_IF_ERROR(transfer_->ReadHead());
    if (!IsRedirect(request_, head().status) || head().Find("Location").empty()) {
      return Status::Ok();
    }
    if (redirects >= options_.redirects_max) {
      return ConfigError("{}: more than {} redirects", SafeUrl(request_.url),
                         options_.redirects_max);
    }
    MR_RETURN_IF_ERROR(Redirect());
  }
}

Status HttpExchange::Redirect() {
  const std::string from = SafeUrl(request_.url);
  const std::string location(head().Find("Location"));
  Url url(request_.url);
  const std::string scheme = url.Get(CURLUPART_SCHEME);
  const std::string origin = url.Origin();
  if (!url.ok() || !url.Set(location)) {
    return ConfigError("{}: redirected to what is not a URL: {}", from, SafeUrl(location));
  }
  const std::string new_scheme = url.Get(CURLUPART_SCHEME);
  if (new_scheme != "https" && new_scheme != scheme) {
    return ConfigError("{}: refusing a redirect from {} to {}", from, scheme,
                       SafeUrl(url.Get(CURLUPART_URL)));
  }
  if (url.Origin() != origin) {
    std::erase_if(request_.headers, [](const auto& header) { return !IsHarmless(header.first); });
  }
  request_.url = url.Get(CURLUPART_URL);
  return Status::Ok();
}

HttpFailure HttpExchange::failure() const {
  switch (transfer_ == nullptr ? 0 : transfer_->failure_code()) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return HttpFailure::kUrl;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return HttpFailure::kUnreachable;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return HttpFailure::kProxy;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return HttpFailure::kTls;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFailure::kTimeout;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return HttpFailure::kBroken;
    default:
      return HttpFailure::kOther;
  }
}

Result<std::string> HttpExchange::ReadAll() {
  return transfer_->ReadAll(request_.response_bytes_max.value_or(options_.body_bytes_max));
}

}  // namespace millrace
