#include "declarative/requests/http_api_transport.h"

#include <algorithm>

#include "base/lower_case.h"
#include "clients/http/http_error.h"
#include "clients/http/http_exchange.h"
#include "declarative/jinja/py_error.h"
#include "declarative/requests/content_encoding.h"
#include "declarative/requests/cookie_jar.h"
#include "declarative/requests/private_address.h"
#include "declarative/requests/python_url.h"
#include "declarative/requests/redirect.h"

namespace millrace {
namespace {

HttpOptions ClientOptions(const HttpApiTransportOptions& options) {
  HttpOptions http;
  http.ca_bundle = options.ca_bundle;
  http.connect_to = options.connect_to;
  http.stall = options.stall;
  http.connect = options.connect;
  http.body_bytes_max = options.body_bytes_max;
  http.http2 = true;
  http.upper_case_http_proxy = true;
  http.idle_connections_max = 64;
  return http;
}

/// What requests would raise. `in_body`: the head had come.
std::string_view ExceptionFor(HttpFailure failure, bool in_body) {
  switch (failure) {
    case HttpFailure::kUrl:
      return "InvalidURL";
    case HttpFailure::kTls:
      return "SSLError";
    case HttpFailure::kProxy:
      return "ProxyError";
    case HttpFailure::kTimeout:
      return in_body ? "ConnectionError" : "ReadTimeout";
    case HttpFailure::kBroken:
      return in_body ? "ChunkedEncodingError" : "ConnectionError";
    default:
      return "ConnectionError";
  }
}

Status AsException(const Status& failure, HttpFailure kind, bool in_body) {
  if (!failure.failed()) return failure;
  const Error& error = failure.error();
  return PyError(ExceptionFor(kind, in_body),
                 error.internal.empty() ? error.message : error.message + ": " + error.internal);
}

/// Latin-1, as Python's HTTP client writes headers; an error when there is more in it.
Result<std::string> HeaderBytes(const std::string& name, const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      bytes.push_back(text[i]);
    } else if ((byte == 0xC2 || byte == 0xC3) && i + 1 < text.size()) {
      bytes.push_back(static_cast<char>(((byte & 3) << 6) | (text[++i] & 0x3F)));
    } else {
      return PyError("UnicodeEncodeError",
                     "header " + name + " holds characters that HTTP headers can't carry");
    }
  }
  return bytes;
}

/// What is asked of the server: without fragment, and without a user, whom libcurl would take for
/// authentication.
std::string WithoutUser(const std::string& url) {
  const SplitUrl split = UrlSplit(url);
  const std::string_view host = split.netloc.substr(split.netloc.rfind('@') + 1);
  std::string plain =
      std::string(split.scheme) + "://" + std::string(host) + std::string(split.path);
  if (!split.query.empty()) plain += "?" + std::string(split.query);
  return plain;
}

void AddHeader(const std::pair<std::string, std::string>& header, HttpHeaders* headers) {
  const std::string name = LowerCaseOf(header.first);
  for (auto& [key, value] : *headers) {
    if (LowerCaseOf(key) == name) {
      value += ", " + header.second;
      return;
    }
  }
  headers->push_back(header);
}

}  // namespace

HttpApiTransportOptions HttpApiTransportOptions::Of(const Environment& environment) {
  HttpApiTransportOptions options;
  options.ca_bundle = environment("REQUESTS_CA_BUNDLE").value_or("");
  if (options.ca_bundle.empty()) options.ca_bundle = environment("CURL_CA_BUNDLE").value_or("");
  options.public_only = LowerCaseOf(environment("DEPLOYMENT_MODE").value_or("")) == "cloud";
  const std::string mappings = environment("MILLRACE_API_CONNECT_TO").value_or("");
  for (size_t begin = 0; begin < mappings.size();) {
    const size_t end = std::min(mappings.find(',', begin), mappings.size());
    options.connect_to.push_back(mappings.substr(begin, end - begin));
    begin = end + 1;
  }
  return options;
}

HttpApiTransport::HttpApiTransport(HttpApiTransportOptions options)
    : options_(std::move(options)), client_(ClientOptions(options_)) {}

Status HttpApiTransport::CheckAllowed(const std::string& url) const {
  const SplitUrl split = UrlSplit(url);
  if (split.scheme != "http" && split.scheme != "https") {
    return PyError("InvalidSchema", "No connection adapters were found for " + SafeUrl(url));
  }
  if (!options_.public_only) return Status::Ok();
  if (split.scheme != "https") {
    return PyError("InvalidSchema",
                   "Invalid Protocol Scheme: The endpoint that data is being requested from is "
                   "using an invalid or insecure protocol '" +
                       std::string(split.scheme) + "'. Valid protocol schemes: https");
  }
  MR_ASSIGN_OR_RETURN(const bool is_private, ResolvesToPrivateAddress(split.Host()));
  if (!is_private) return Status::Ok();
  return ConfigError(
      "Invalid URL endpoint: The endpoint that data is being requested from belongs to a private "
      "network. Source connectors only support requesting data from public API endpoints.");
}

Result<std::shared_ptr<ApiResponse>> HttpApiTransport::Exchange(const ApiRequest& request,
                                                                CookieJar* cookies,
                                                                std::stop_token stop) {
  HttpCall call{.method = request.method,
                .url = WithoutUser(request.url),
                .body = request.body,
                .follow_redirects = false,
                .stall = request.stall,
                .connect = request.connect};
  bool accepts = false;
  for (const auto& [name, value] : request.headers) {
    const std::string lower = LowerCaseOf(name);
    if (lower == "content-length" || lower == "transfer-encoding") continue;  // libcurl writes it
    accepts = accepts || lower == "accept-encoding";
    MR_ASSIGN_OR_RETURN(std::string bytes, HeaderBytes(name, value));
    call.headers.emplace_back(name, std::move(bytes));
  }
  if (!accepts) call.headers.emplace_back("Accept-Encoding", "gzip, deflate");
  const auto exchange = client_.Start(std::move(call), std::move(stop));
  if (const Status status = exchange->ReadHead(); !status.ok()) {
    return AsException(status, exchange->failure(), false);
  }
  auto response = std::make_shared<ApiResponse>();
  response->status = exchange->head().status;
  response->reason = exchange->head().reason;
  for (const auto& header : exchange->head().headers) {
    if (cookies != nullptr && LowerCaseOf(header.first) == "set-cookie") {
      cookies->Take(request.url, header.second);
    }
    AddHeader(header, &response->headers);
  }
  response->url = request.url;
  auto body = exchange->ReadAll();
  if (!body.ok()) {
    const bool too_large =
        body.status().failed() && body.status().error().type == FailureType::kConfigError;
    if (too_large) return body.status();
    return AsException(body.status(), exchange->failure(), true);
  }
  response->body = *std::move(body);
  response->decoded = request.decode;
  if (request.decode) {
    MR_ASSIGN_OR_RETURN(response->body, UndoContentEncoding(std::move(response->body),
                                                            response->Header("content-encoding"),
                                                            options_.body_bytes_max));
  }
  return response;
}

Result<std::shared_ptr<const ApiResponse>> HttpApiTransport::Send(const ApiRequest& request,
                                                                  CookieJar* cookies,
                                                                  std::stop_token stop) {
  ApiRequest current = request;
  // Ends: the count is bounded.
  for (int redirects = 0;; ++redirects) {
    MR_RETURN_IF_ERROR(CheckAllowed(current.url));
    MR_ASSIGN_OR_RETURN(const std::shared_ptr<ApiResponse> response,
                        Exchange(current, cookies, stop));
    if (!IsRedirect(*response)) return std::shared_ptr<const ApiResponse>(response);
    if (redirects >= kRedirectsMax) {
      return PyError("TooManyRedirects", fmt::format("Exceeded {} redirects.", kRedirectsMax));
    }
    FollowRedirect(*response, &current);
    if (cookies == nullptr) continue;
    if (std::string header = cookies->HeaderFor(current.url); !header.empty()) {
      current.SetHeader("Cookie", std::move(header));
    }
  }
}

}  // namespace millrace
