#include <algorithm>
#include <chrono>

#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_regex.h"
#include "declarative/requests/wait_strategies.h"

namespace millrace {
namespace {

/// A number in a header: seconds to wait, or the second since 1970 until which to wait.
class HeaderWait final : public BackoffStrategy {
 public:
  explicit HeaderWait(const EngineEnvironment& environment) : environment_(environment) {}

  Result<std::optional<double>> Seconds(const ExchangeOutcome& outcome, int) const override {
    const InterpolationContext context(*environment_.clock, environment_.config);
    MR_ASSIGN_OR_RETURN(const std::optional<double> value, HeaderNumber(outcome, context));
    if (until) return SecondsUntil(value, context);
    if (value && *value != 0) MR_RETURN_IF_ERROR(limit.Check(*value, environment_));
    return value;
  }

  InterpolatedString header, regex, min_wait;
  WaitLimit limit;
  bool until = false;

 private:
  Result<std::optional<double>> HeaderNumber(const ExchangeOutcome& outcome,
                                             const InterpolationContext& context) const {
    std::optional<double> none;
    MR_ASSIGN_OR_RETURN(const std::string name, header.EvaluateText(context));
    std::shared_ptr<const PyRegex> pattern;
    if (!regex.empty()) {
      MR_ASSIGN_OR_RETURN(const std::string text, regex.EvaluateText(context));
      MR_ASSIGN_OR_RETURN(pattern, PyRegex::Make(text));
    }
    if (outcome.response() == nullptr) return none;
    std::string text(outcome.response()->Header(name));
    if (text.empty()) return none;
    if (pattern) {
      // re.match(): what is found first, if it stands at the front.
      MR_ASSIGN_OR_RETURN(const auto found, pattern->Search(text));
      if (found && found->front()->first == 0) text.resize(found->front()->second);
    }
    return PyFloatOfText(text);
  }

  Result<std::optional<double>> SecondsUntil(std::optional<double> when,
                                             const InterpolationContext& context) const {
    std::optional<double> seconds;
    MR_ASSIGN_OR_RETURN(const PyValue least, min_wait.Evaluate(context));
    const bool has_least = PyTruthy(least);
    double least_seconds = 0;
    if (has_least) {
      MR_ASSIGN_OR_RETURN(least_seconds, PyToFloat(least));
    }
    if (!when || *when == 0) {
      if (!has_least) return seconds;
      seconds = least_seconds;
    } else {
      const double now =
          std::chrono::duration<double>(environment_.clock->WallNow().time_since_epoch()).count();
      seconds = *when - now;
      if (has_least) {
        seconds = std::max(*seconds, least_seconds);
      } else if (*seconds < 0) {
        return std::optional<double>();
      }
    }
    MR_RETURN_IF_ERROR(limit.Check(*seconds, environment_));
    return seconds;
  }

  const EngineEnvironment& environment_;
};

}  // namespace

Result<std::unique_ptr<BackoffStrategy>> MakeHeaderWait(const Component& component,
                                                        const EngineEnvironment& environment) {
  auto strategy = std::make_unique<HeaderWait>(environment);
  strategy->until = component.type() == "WaitUntilTimeFromHeader";
  MR_RETURN_IF_ERROR(component.Text("header").status());
  MR_ASSIGN_OR_RETURN(strategy->header, component.Template("header"));
  MR_ASSIGN_OR_RETURN(strategy->regex, component.Template("regex"));
  // Without one, the text "None" is evaluated, which comes to None.
  MR_ASSIGN_OR_RETURN(strategy->min_wait, component.Template("min_wait", "None"));
  MR_ASSIGN_OR_RETURN(strategy->limit, WaitLimit::Make(component, environment));
  return std::unique_ptr<BackoffStrategy>(std::move(strategy));
}

}  // namespace millrace
