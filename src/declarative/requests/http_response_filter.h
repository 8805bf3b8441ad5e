#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/error_resolution.h"
#include "declarative/requests/exchange_outcome.h"

namespace millrace {

/// Selects replies by status, by a condition on their content, or by their error message, and says
/// what is done about them. Built once; const, any thread.
class HttpResponseFilter {
 public:
  static Result<HttpResponseFilter> Make(const Component& component,
                                         const EngineEnvironment& environment);

  /// None: it doesn't match (exceptions never do).
  Result<std::optional<ErrorResolution>> Match(const ExchangeOutcome& outcome) const;

 private:
  explicit HttpResponseFilter(const EngineEnvironment& environment) : environment_(environment) {}
  Result<bool> Selects(const ExchangeOutcome& outcome) const;
  Result<std::string> Message(const ExchangeOutcome& outcome) const;

  const EngineEnvironment& environment_;
  std::optional<ResponseAction> action_;
  std::optional<FailureType> failure_type_;
  std::vector<int> http_codes_;
  std::string message_contains_;
  bool has_predicate_ = false;
  InterpolatedBoolean predicate_;
  InterpolatedString message_;
};

}  // namespace millrace
