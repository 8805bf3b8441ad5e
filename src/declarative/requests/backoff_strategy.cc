#include "declarative/requests/backoff_strategy.h"

#include <cmath>
#include <random>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/wait_strategies.h"

namespace millrace {
namespace {

/// Somewhere between `seconds` and `seconds` + twice the range, so that clients part ways.
double WithJitter(double seconds, std::optional<double> range) {
  if (!range) return seconds;
  thread_local std::minstd_rand random(std::random_device{}());
  return seconds + std::uniform_real_distribution<double>(0, 1)(random) * *range * 2;
}

Result<std::optional<double>> JitterRange(const Component& component) {
  const PyValue* field = component.Field("jitter_range_in_seconds");
  std::optional<double> range;
  if (field == nullptr) return range;
  const auto number = PyToFloat(*field);
  if (!number.ok() || *number < 0) {
    return component.FieldError("jitter_range_in_seconds", "expected a number from 0 on");
  }
  range = *number;
  return range;
}

/// The same wait each time, or one that doubles: `number` times two to the power of the attempt.
class SteadyBackoff final : public BackoffStrategy {
 public:
  explicit SteadyBackoff(const EngineEnvironment& environment) : environment_(environment) {}

  Result<std::optional<double>> Seconds(const ExchangeOutcome&, int attempt) const override {
    const InterpolationContext context(*environment_.clock, environment_.config);
    MR_ASSIGN_OR_RETURN(const PyValue value, number.Evaluate(context));
    MR_ASSIGN_OR_RETURN(const double seconds, PyToFloat(value));
    return std::optional<double>(
        WithJitter(doubles ? std::ldexp(seconds, attempt) : seconds, jitter));
  }

  InterpolatedString number;
  std::optional<double> jitter;
  bool doubles = false;

 private:
  const EngineEnvironment& environment_;
};

Result<std::unique_ptr<BackoffStrategy>> MakeSteady(const Component& component, bool doubles,
                                                    const EngineEnvironment& environment) {
  auto strategy = std::make_unique<SteadyBackoff>(environment);
  const std::string_view field = doubles ? "factor" : "backoff_time_in_seconds";
  MR_ASSIGN_OR_RETURN(strategy->number, component.Template(field, doubles ? "5" : ""));
  if (!component.Has(field) && !doubles) return component.FieldError(field, "it is missing");
  const PyValue* factor = component.Field(field);
  if (doubles && factor != nullptr && !PyTruthy(*factor)) {
    strategy->number = InterpolatedString("5", component.parameters());
  }
  strategy->doubles = doubles;
  MR_ASSIGN_OR_RETURN(strategy->jitter, JitterRange(component));
  return std::unique_ptr<BackoffStrategy>(std::move(strategy));
}

}  // namespace

Result<std::unique_ptr<BackoffStrategy>> MakeBackoffStrategy(const Component& component,
                                                             const EngineEnvironment& environment) {
  const std::string_view type = component.type();
  if (type == "ConstantBackoffStrategy") return MakeSteady(component, false, environment);
  if (type == "ExponentialBackoffStrategy") return MakeSteady(component, true, environment);
  if (type == "WaitTimeFromHeader" || type == "WaitUntilTimeFromHeader") {
    return MakeHeaderWait(component, environment);
  }
  if (type == "WaitTimeFromResponse") return MakeResponseWait(component, environment);
  return component.UnknownType("back-off strategy");
}

}  // namespace millrace
