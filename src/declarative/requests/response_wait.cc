#include <cmath>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/wait_strategies.h"

namespace millrace {
namespace {

/// Seconds that an expression over the reply's body and headers comes to.
class ResponseWait final : public BackoffStrategy {
 public:
  explicit ResponseWait(const EngineEnvironment& environment) : environment_(environment) {}

  Result<std::optional<double>> Seconds(const ExchangeOutcome& outcome, int) const override {
    const std::optional<double> none;
    const PyValue nothing{PyDict()};
    const bool replied = outcome.response() != nullptr;
    InterpolationContext context(*environment_.clock, environment_.config);
    context.Set("response", replied ? outcome.Json() : nothing);
    context.Set("headers", replied ? outcome.Headers() : nothing);
    const auto value = expression.Evaluate(context);
    // An expression that fails on this reply, or comes to no number, leaves it to others.
    if (!value.ok() || value->is_none()) return none;
    const auto seconds = PyToFloat(*value);
    if (!seconds.ok() || !std::isfinite(*seconds) || *seconds < 0) return none;
    if (*seconds != 0) MR_RETURN_IF_ERROR(limit.Check(*seconds, environment_));
    return std::optional<double>(*seconds);
  }

  InterpolatedString expression;
  WaitLimit limit;

 private:
  const EngineEnvironment& environment_;
};

}  // namespace

Result<std::unique_ptr<BackoffStrategy>> MakeResponseWait(const Component& component,
                                                          const EngineEnvironment& environment) {
  auto strategy = std::make_unique<ResponseWait>(environment);
  MR_RETURN_IF_ERROR(component.Text("wait_time_in_seconds").status());
  MR_ASSIGN_OR_RETURN(strategy->expression, component.Template("wait_time_in_seconds"));
  MR_ASSIGN_OR_RETURN(strategy->limit, WaitLimit::Make(component, environment));
  return std::unique_ptr<BackoffStrategy>(std::move(strategy));
}

}  // namespace millrace
