#pragma once

#include <string>
#include <string_view>

#include "server/http/http_message.h"

namespace millrace {

/// Whether IP:PORT is one of this machine's loopback addresses.
bool IsLoopbackAddress(std::string_view address);

/// Whether a proxy passed the request on: then where it seems to come from says nothing.
bool CameThroughProxy(const HttpRequest& request);

/// Why a request is refused wherever it comes from and whoever signed it: it was sent by a page of
/// another site, or, to a server that listens on loopback only and not through a proxy, under a
/// name that was made to point here. Empty: it may be answered.
std::string ForeignOrigin(const HttpRequest& request, bool loopback_only);

}  // namespace millrace
