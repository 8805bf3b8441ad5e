#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/request_matcher.h"

namespace millrace {

/// One limit of an API, and the requests that it holds for. Thread-safe.
class CallRatePolicy {
 public:
  virtual ~CallRatePolicy() = default;

  bool Matches(const ApiRequest& request) const;
  /// How many calls the request counts for.
  int WeightOf(const ApiRequest& request) const;
  /// Counts it, and returns nothing; or how long until there is room.
  virtual Result<std::optional<std::chrono::microseconds>> TryAcquire(int weight) = 0;
  /// What the server said: how many calls are left, and when (in seconds since 1970) there are
  /// more.
  virtual void Update(std::optional<int64_t> calls_left, std::optional<int64_t> reset_s) = 0;

 protected:
  explicit CallRatePolicy(std::vector<RequestMatcher> matchers) : matchers_(std::move(matchers)) {}

 private:
  const std::vector<RequestMatcher> matchers_;  // none: it matches everything
};

/// Of type FixedWindowCallRatePolicy, MovingWindowCallRatePolicy or UnlimitedCallRatePolicy.
Result<std::unique_ptr<CallRatePolicy>> MakeCallRatePolicy(const Component& component,
                                                           const EngineEnvironment& environment);

}  // namespace millrace
