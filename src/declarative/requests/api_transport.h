#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "clients/http/http_message.h"
#include "declarative/requests/api_response.h"

namespace millrace {

class CookieJar;

/// A request ready to be sent: what requests calls a prepared request. It is sent again as it is,
/// but for what authenticators put into its headers anew.
struct ApiRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;
  std::string body;
  bool has_body = false;
  /// Whether Content-Encoding is undone (see ApiResponse::decoded).
  bool decode = true;
  /// Left out: the transport's.
  std::optional<std::chrono::milliseconds> connect, stall;

  /// Empty when there is none, whatever the name's case.
  std::string_view Header(std::string_view name) const;
  void SetHeader(std::string_view name, std::string value);
  void EraseHeader(std::string_view name);
};

/// Exchanges requests for replies, once, of whatever status; redirects are followed as requests
/// follows them. Thread-safe.
class ApiTransport {
 public:
  virtual ~ApiTransport() = default;

  /// `cookies` (may be null) lend and take what servers set. A failure is a PyError of the class
  /// that requests would raise: ConnectionError, ReadTimeout, SSLError, ChunkedEncodingError,
  /// TooManyRedirects, ContentDecodingError, InvalidSchema, InvalidURL; any other failure is
  /// final (the reply is too large, the address is not allowed). kCanceled: `stop`.
  virtual Result<std::shared_ptr<const ApiResponse>> Send(const ApiRequest& request,
                                                          CookieJar* cookies,
                                                          std::stop_token stop) = 0;
};

}  // namespace millrace
