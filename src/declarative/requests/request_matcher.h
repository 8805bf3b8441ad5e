#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_regex.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/api_transport.h"

namespace millrace {

/// Which requests a limit holds for: HttpRequestRegexMatcher. What is left out fits anything.
/// Const, any thread.
class RequestMatcher {
 public:
  static Result<RequestMatcher> Make(const Component& component,
                                     const EngineEnvironment& environment);

  bool Matches(const ApiRequest& request) const;
  /// How many calls a matching request counts for.
  int weight() const { return weight_; }

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  std::string method_;
  std::string url_base_;  // scheme and authority
  std::shared_ptr<const PyRegex> path_;
  Pairs params_;
  Pairs headers_;  // names in lower case
  int weight_ = 1;
};

/// The component's matchers.
Result<std::vector<RequestMatcher>> MakeRequestMatchers(const Component& component,
                                                        const EngineEnvironment& environment);

}  // namespace millrace
