#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/environment_text.h"
#include "clients/http/http_client.h"
#include "declarative/requests/api_transport.h"

namespace millrace {

/// How a connector speaks with the network. A plain value.
struct HttpApiTransportOptions {
  /// See HttpOptions. `ca_bundle` is a file or a folder.
  std::string ca_bundle;
  std::vector<std::string> connect_to;
  /// Only https and public addresses (DEPLOYMENT_MODE=cloud).
  bool public_only = false;
  /// Airbyte waits for ever; a server that sends nothing for so long has failed here.
  std::chrono::milliseconds stall{300'000};
  std::chrono::milliseconds connect{60'000};
  /// Of a reply, before and after Content-Encoding is undone.
  int64_t body_bytes_max = 512 << 20;

  /// What the environment says: REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, DEPLOYMENT_MODE, and
  /// MILLRACE_API_CONNECT_TO (host:port:other:port, parted by commas).
  static HttpApiTransportOptions Of(const Environment& environment);
};

/// ApiTransport over HTTP: connections stay open between requests, HTTP/2 where the server offers
/// it, proxies of the environment.
class HttpApiTransport final : public ApiTransport {
 public:
  explicit HttpApiTransport(HttpApiTransportOptions options);

  Result<std::shared_ptr<const ApiResponse>> Send(const ApiRequest& request, CookieJar* cookies,
                                                  std::stop_token stop) override;

 private:
  /// One request and its reply, without redirects.
  Result<std::shared_ptr<ApiResponse>> Exchange(const ApiRequest& request, CookieJar* cookies,
                                                std::stop_token stop);
  /// The rules of the cloud.
  Status CheckAllowed(const std::string& url) const;

  const HttpApiTransportOptions options_;
  HttpClient client_;
};

}  // namespace millrace
