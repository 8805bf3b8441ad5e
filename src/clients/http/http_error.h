#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "clients/http/http_message.h"

namespace millrace {

/// A URL without user, password, query and fragment: what may stand in a message (a presigned
/// URL's query is a credential).
std::string SafeUrl(std::string_view url);

/// An error for a reply that isn't 2xx: which page of which host said what. 401 and 403 ask for
/// other credentials, 404 for another address, the rest of 4xx is a config error, too; 408, 429
/// and 5xx are transient. The reply's first bytes are the internal detail.
Status HttpStatusError(const HttpCall& request, const HttpReply& response);

/// True for 408, 425, 429, 500, 502, 503, 504.
bool IsTransientStatus(int status);

/// An error for a transfer that failed below HTTP. `curl_code` is a CURLcode, `detail` libcurl's
/// own words.
Status TransferError(int curl_code, std::string_view url, std::string_view detail);
/// True when another attempt may succeed. DNS failures are among them although they end as config
/// errors: a resolver can be out for a moment.
bool IsTransientTransfer(int curl_code);

}  // namespace millrace
