#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/exchange_outcome.h"

namespace millrace {

/// Says how long to wait before a request is sent again. Built once; const, any thread.
class BackoffStrategy {
 public:
  virtual ~BackoffStrategy() = default;
  /// Seconds; none (or 0): it has no opinion. `attempt` counts from 1. A failure ends the request:
  /// the wait is longer than the connector may wait.
  virtual Result<std::optional<double>> Seconds(const ExchangeOutcome& outcome,
                                                int attempt) const = 0;
};

/// Of type ConstantBackoffStrategy, ExponentialBackoffStrategy, WaitTimeFromHeader,
/// WaitUntilTimeFromHeader or WaitTimeFromResponse.
Result<std::unique_ptr<BackoffStrategy>> MakeBackoffStrategy(const Component& component,
                                                             const EngineEnvironment& environment);

}  // namespace millrace
