#pragma once

#include "declarative/requests/backoff_strategy.h"

namespace millrace {

// Waits that the reply itself asks for.

/// WaitTimeFromHeader and WaitUntilTimeFromHeader.
Result<std::unique_ptr<BackoffStrategy>> MakeHeaderWait(const Component& component,
                                                        const EngineEnvironment& environment);
/// WaitTimeFromResponse.
Result<std::unique_ptr<BackoffStrategy>> MakeResponseWait(const Component& component,
                                                          const EngineEnvironment& environment);

/// The field max_waiting_time_in_seconds: a wait of that length or longer ends the stream instead.
class WaitLimit {
 public:
  /// Evaluates it once, so that a mistake shows when the connector starts: a system error.
  static Result<WaitLimit> Make(const Component& component, const EngineEnvironment& environment);
  /// A transient error when `seconds` reach the limit.
  Status Check(double seconds, const EngineEnvironment& environment) const;

 private:
  Result<std::optional<double>> Evaluate(const EngineEnvironment& environment) const;
  std::optional<InterpolatedString> limit_;
};

}  // namespace millrace
