#pragma once

#include "declarative/requests/api_transport.h"

namespace millrace {

inline constexpr int kRedirectsMax = 30;

/// Whether `response` asks to go elsewhere.
bool IsRedirect(const ApiResponse& response);

/// Turns `request` into the one that a redirect asks for, as requests does: the method may become
/// GET, the body goes away but for 307 and 308, and Authorization stays with host, scheme and port.
void FollowRedirect(const ApiResponse& response, ApiRequest* request);

}  // namespace millrace
