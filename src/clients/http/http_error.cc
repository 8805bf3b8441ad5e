#include "clients/http/http_error.h"

#include <curl/curl.h>

#include <algorithm>

namespace millrace {
namespace {

constexpr size_t kDetailBytesMax = 2000;

struct TransferFailure {
  CURLcode code;
  FailureType type;
  bool retry;
  const char* text;  // follows the host's name
};

constexpr auto kConfig = FailureType::kConfigError;
constexpr auto kTransient = FailureType::kTransientError;

constexpr TransferFailure kTransferFailures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, kConfig, true,
     "there is no host of this name; check the spelling"},
    {CURLE_COULDNT_RESOLVE_PROXY, kConfig, true,
     "the proxy named in the environment can't be found"},
    {CURLE_COULDNT_CONNECT, kTransient, true,
     "connection refused or host unreachable; check host and port, and that the server runs"},
    {CURLE_OPERATION_TIMEDOUT, kTransient, true, "no answer within the deadline"},
    {CURLE_PROXY, kTransient, true, "the proxy named in the environment failed"},
    {CURLE_SSL_CONNECT_ERROR, kTransient, true,
     "the TLS handshake failed; check that the port speaks https"},
    {CURLE_PEER_FAILED_VERIFICATION, kConfig, false,
     "its TLS certificate is not trusted or not for this host; give its CA certificate"},
    {CURLE_SSL_CACERT_BADFILE, kConfig, false, "the file of CA certificates can't be read"},
    {CURLE_SSL_CERTPROBLEM, kConfig, false, "the client certificate can't be used"},
    {CURLE_URL_MALFORMAT, kConfig, false, "this is not a valid URL"},
    {CURLE_UNSUPPORTED_PROTOCOL, kConfig, false, "only http and https URLs can be read"},
    {CURLE_GOT_NOTHING, kTransient, true, "the server closed the connection without an answer"},
    {CURLE_SEND_ERROR, kTransient, true, "the connection broke while sending"},
    {CURLE_RECV_ERROR, kTransient, true, "the connection broke while receiving"},
    {CURLE_PARTIAL_FILE, kTransient, true, "the answer ended before its announced end"},
    {CURLE_WEIRD_SERVER_REPLY, kTransient, true, "the answer is not HTTP"},
    {CURLE_BAD_CONTENT_ENCODING, kTransient, true, "the answer's encoding is broken"},
    {CURLE_WRITE_ERROR, kConfig, false, "the answer's headers are too large"},
};

const TransferFailure* Find(int code) {
  for (const TransferFailure& failure : kTransferFailures) {
    if (failure.code == code) return &failure;
  }
  return nullptr;
}

const char* Advice(int status) {
  if (status == 401 || status == 403) return "; check the credentials and permissions";
  if (status == 404 || status == 410) return "; check the address";
  if (status == 407) return "; check the proxy's credentials";
  if (status == 429) return "; too many requests, try later";
  return "";
}

}  // namespace

std::string SafeUrl(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    // "user:password@host" without a scheme, perhaps.
    const size_t at = url.find('@');
    return std::string(at == std::string_view::npos ? url : url.substr(at + 1));
  }
  const size_t begin = scheme + 3;
  const size_t slash = std::min(url.find('/', begin), url.size());
  const size_t at = url.substr(0, slash).rfind('@');
  std::string safe(url.substr(0, begin));
  safe += url.substr(at == std::string_view::npos || at < begin ? begin : at + 1);
  return safe;
}

bool IsTransientStatus(int status) {
  switch (status) {
    case 408:
    case 425:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return false;
  }
}

Status HttpStatusError(const HttpCall& request, const HttpReply& response) {
  const int status = response.head.status;
  const bool transient = IsTransientStatus(status) || status > 504;
  return Status::Failed({transient ? kTransient : kConfig,
                         fmt::format("{} {}: the server answered {}{}", request.method,
                                     SafeUrl(request.url), status, Advice(status)),
                         response.body.substr(0, kDetailBytesMax),
                         {}});
}

bool IsTransientTransfer(int curl_code) {
  const TransferFailure* failure = Find(curl_code);
  return failure != nullptr && failure->retry;
}

Status TransferError(int curl_code, std::string_view url, std::string_view detail) {
  const TransferFailure* failure = Find(curl_code);
  const std::string where = SafeUrl(url);
  if (failure == nullptr) {
    return Status::Failed(
        {FailureType::kSystemError,
         fmt::format("{}: {}", where, curl_easy_strerror(static_cast<CURLcode>(curl_code))),
         std::string(detail),
         {}});
  }
  // OpenSSL's words when something answers that doesn't speak TLS at all.
  const bool plain = curl_code == CURLE_SSL_CONNECT_ERROR &&
                     detail.find("wrong version number") != std::string_view::npos;
  return Status::Failed({plain ? kConfig : failure->type,
                         fmt::format("{}: {}", where, failure->text),
                         std::string(detail.substr(0, kDetailBytesMax)),
                         {}});
}

}  // namespace millrace
