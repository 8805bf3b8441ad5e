#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "declarative/requests/api_transport.h"
#include "declarative/requests/request_options.h"

namespace millrace {

/// The request that requests makes of its parts: options.params are added to the URL (but for those
/// that it has already with the same value), body_json or body_data become the body. Failures are
/// PyErrors of requests' classes.
Result<ApiRequest> PrepareRequest(std::string_view method, std::string_view url,
                                  const RequestOptions& options);

}  // namespace millrace
