#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/api_transport.h"
#include "declarative/requests/call_rate_policy.h"

namespace millrace {

/// How many calls an API allows: the policies of a manifest's HTTPAPIBudget. The first that fits a
/// request counts it and makes it wait. One of a source; thread-safe.
class ApiBudget {
 public:
  /// Attempts to get a call before one gives up: many threads may compete for few calls.
  static constexpr int kAttemptsMax = 100'000;

  static Result<std::unique_ptr<ApiBudget>> Make(const Component& component,
                                                 const EngineEnvironment& environment);

  /// Waits until the request may be sent, and counts it. kCanceled: `stop`.
  Status Acquire(const ApiRequest& request, std::stop_token stop);
  /// Learns from a reply's headers and status how many calls are left and until when.
  Status Learn(const ApiRequest& request, const ApiResponse& response);

 private:
  explicit ApiBudget(const EngineEnvironment& environment) : environment_(environment) {}
  CallRatePolicy* PolicyFor(const ApiRequest& request) const;

  const EngineEnvironment& environment_;
  std::vector<std::unique_ptr<CallRatePolicy>> policies_;
  std::string reset_header_, remaining_header_;
  std::vector<int> hit_statuses_;
};

}  // namespace millrace
