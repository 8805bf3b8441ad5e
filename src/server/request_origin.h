#pragma once

#include <string>
#include <string_view>

#include "server/http/http_message.h"

namespace millrace {

/// Whether IP:PORT is one of this machine's loopback addresses.
bool IsLoopbackAddress(std::string_view address);

/// Why a request to a server on loopback is refused: it came from a page of another site, under a
/// name that was made to point here, or through a proxy. Empty: it may be answered.
std::string ForeignOrigin(const HttpRequest& request);

}  // namespace millrace
