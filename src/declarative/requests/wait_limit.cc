#include <cmath>

#include "declarative/jinja/py_number_text.h"
#include "declarative/requests/wait_strategies.h"

namespace millrace {

Result<WaitLimit> WaitLimit::Make(const Component& component,
                                  const EngineEnvironment& environment) {
  WaitLimit limit;
  if (component.Has("max_waiting_time_in_seconds")) {
    MR_ASSIGN_OR_RETURN(limit.limit_, component.Template("max_waiting_time_in_seconds"));
  }
  MR_RETURN_IF_ERROR(limit.Evaluate(environment).status());
  return limit;
}

Result<std::optional<double>> WaitLimit::Evaluate(const EngineEnvironment& environment) const {
  std::optional<double> seconds;
  if (!limit_) return seconds;
  const InterpolationContext context(*environment.clock, environment.config);
  const auto value = limit_->Evaluate(context);
  const Result<double> number = value.ok() ? PyToFloat(*value) : Result<double>(value.status());
  if (!number.ok() || !std::isfinite(*number)) {
    return Status::Failed(
        {FailureType::kSystemError,
         "The connector could not determine how long it is allowed to wait for a rate limit to "
         "clear. This is a problem with the connector rather than with your configuration.",
         "max_waiting_time_in_seconds is no finite number: " + limit_->text(),
         {}});
  }
  seconds = *number;
  return seconds;
}

Status WaitLimit::Check(double seconds, const EngineEnvironment& environment) const {
  MR_ASSIGN_OR_RETURN(const std::optional<double> limit, Evaluate(environment));
  if (!limit || seconds < *limit) return Status::Ok();
  return Status::Failed(
      {FailureType::kTransientError,
       "The rate limit wait time is longer than the connector is allowed to wait.",
       fmt::format("the API asks for {} s, max_waiting_time_in_seconds is {}", seconds, *limit),
       {}});
}

}  // namespace millrace
