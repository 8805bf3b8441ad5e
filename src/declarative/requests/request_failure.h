#pragma once

#include <string>

#include "base/status.h"
#include "declarative/requests/api_transport.h"
#include "declarative/requests/error_resolution.h"
#include "declarative/requests/exchange_outcome.h"

namespace millrace {

// What is said about requests that did not simply succeed. Secrets are struck.

/// Whether a failure is one of requests' exceptions, which error handlers judge; any other is
/// final.
bool IsRequestException(const Status& failure);

/// FAIL: with the handler's message, or all that is known.
Status FailedRequest(const ApiRequest& request, const ExchangeOutcome& outcome,
                     const ErrorResolution& resolution);
/// IGNORE, for the log.
std::string IgnoredRequest(const ApiRequest& request, const ExchangeOutcome& outcome,
                           const ErrorResolution& resolution);
/// A retry for which the handler gave no reason.
std::string UnexplainedRetry(const ApiRequest& request, const ErrorResolution& resolution);
/// A request that is refused although its token was refreshed, or could not be.
Status RejectedAgain(const ApiRequest& request, const ExchangeOutcome& outcome,
                     const ErrorResolution& resolution, bool refreshed);

}  // namespace millrace
