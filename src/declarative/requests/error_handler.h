#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/backoff_strategy.h"
#include "declarative/requests/error_resolution.h"
#include "declarative/requests/exchange_outcome.h"

namespace millrace {

/// Judges what an attempt came to, and says how patient one is. Built once; const, any thread.
class ErrorHandler {
 public:
  static constexpr int kRetriesDefault = 5;
  static constexpr int kSecondsDefault = 600;

  virtual ~ErrorHandler() = default;
  /// A failure is one of evaluating a template: the request fails with it.
  virtual Result<ErrorResolution> Interpret(const ExchangeOutcome& outcome) const = 0;
  virtual int retries_max() const { return kRetriesDefault; }
  virtual int seconds_max() const { return kSecondsDefault; }
  /// Asked in turn for how long to wait, whatever filter it was that matched.
  virtual std::vector<const BackoffStrategy*> backoff_strategies() const { return {}; }
};

/// Of type DefaultErrorHandler or CompositeErrorHandler.
Result<std::unique_ptr<ErrorHandler>> MakeErrorHandler(const Component& component,
                                                       const EngineEnvironment& environment);
/// The one of requesters that have none: the statuses' usual meanings.
std::unique_ptr<ErrorHandler> MakeDefaultErrorHandler();

/// The usual meaning of a status; none when it has none.
const ErrorResolution* UsualResolution(int status);
/// That of an exception's class, the same way.
const ErrorResolution* UsualResolution(std::string_view exception);
/// For what has no usual meaning: tried again, a system error in the end.
ErrorResolution FallbackResolution(const ExchangeOutcome& outcome);

}  // namespace millrace
