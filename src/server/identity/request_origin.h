#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/http/http_message.h"

namespace millrace {

/// Whether IP:PORT is one of this machine's loopback addresses.
bool IsLoopbackAddress(std::string_view address);

/// Whether a proxy passed the request on: then where it seems to come from says nothing.
bool CameThroughProxy(const HttpRequest& request);

/// Why a request is refused wherever it comes from and whoever signed it: it was sent by a page of
/// another site, or, to a server that listens on loopback only, under a name that was made to point
/// here, which is any but loopback's own and `public_names`. No header of a proxy changes that: the
/// page of such a name can send them all. Empty: it may be answered.
std::string ForeignOrigin(const HttpRequest& request, bool loopback_only,
                          const std::vector<std::string>& public_names = {});

/// "millrace.example" of "https://Millrace.example:8443/": what --public-url allows. Config error:
/// it is no such URL.
Result<std::string> PublicNameOf(std::string_view url);

}  // namespace millrace
