#pragma once

#include <cstdint>

#include "base/json.h"
#include "declarative/requests/exchange_watch.h"

namespace millrace {

/// A request as a builder shows it: {"url", "headers", "http_method", "body"}. Nothing is struck
/// out yet.
Json ShownRequest(const ApiRequest& request, const ApiResponse& response);
/// A reply: {"status", "headers", "body"}, of the body as much as `bytes` allows, which sinks by
/// what was shown.
Json ShownResponse(const ApiResponse& response, int64_t* bytes);

/// Replaces every secret in the texts of `shown`, at whatever depth: as it is, in the parameters of
/// URLs and forms also where it is percent-encoded, and credentials in headers whatever they are.
void StrikeSecrets(Json* shown);

}  // namespace millrace
