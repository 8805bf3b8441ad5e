#include "declarative/requests/http_response_filter.h"

#include <algorithm>

#include "declarative/jinja/py_operators.h"
#include "declarative/requests/error_handler.h"

namespace millrace {

Result<HttpResponseFilter> HttpResponseFilter::Make(const Component& component,
                                                    const EngineEnvironment& environment) {
  HttpResponseFilter filter(environment);
  MR_ASSIGN_OR_RETURN(const std::string action, component.TextOr("action", ""));
  if (!action.empty()) {
    filter.action_ = ResponseActionOf(action);
    if (!filter.action_) return component.FieldError("action", "there is no such action");
  }
  MR_ASSIGN_OR_RETURN(const std::string type, component.TextOr("failure_type", ""));
  if (!type.empty()) {
    filter.failure_type_ = FailureTypeOf(type);
    if (!filter.failure_type_) {
      return component.FieldError("failure_type",
                                  "expected system_error, config_error or transient_error");
    }
  }
  if (const PyValue* codes = component.Field("http_codes"); codes != nullptr) {
    if (!codes->is_list()) return component.FieldError("http_codes", "expected a list");
    for (const PyValue& code : codes->items()) {
      if (!code.is_int()) return component.FieldError("http_codes", "expected whole numbers");
      filter.http_codes_.push_back(static_cast<int>(code.as_int()));
    }
  }
  MR_ASSIGN_OR_RETURN(filter.message_contains_, component.TextOr("error_message_contains", ""));
  if (const PyValue* predicate = component.Field("predicate");
      predicate != nullptr && PyTruthy(*predicate)) {
    filter.has_predicate_ = true;
    filter.predicate_ = InterpolatedBoolean(*predicate, component.parameters());
  }
  MR_ASSIGN_OR_RETURN(filter.message_, component.Template("error_message"));
  return filter;
}

Result<bool> HttpResponseFilter::Selects(const ExchangeOutcome& outcome) const {
  const ApiResponse& response = *outcome.response();
  if (std::find(http_codes_.begin(), http_codes_.end(), response.status) != http_codes_.end()) {
    return true;
  }
  if (has_predicate_) {
    // Airbyte gives predicates no configuration.
    const PyValue no_config;
    const PyValue url = outcome.RequestUrl();
    InterpolationContext context(*environment_.clock, no_config);
    context.Set("response", outcome.Json())
        .Set("headers", outcome.Headers())
        .Set("request_url", url);
    MR_ASSIGN_OR_RETURN(const bool selected, predicate_.Evaluate(context));
    if (selected) return true;
  }
  if (message_contains_.empty()) return false;
  const std::optional<std::string>& message = outcome.ErrorMessage();
  return message && message->find(message_contains_) != std::string::npos;
}

Result<std::string> HttpResponseFilter::Message(const ExchangeOutcome& outcome) const {
  const PyValue url = outcome.RequestUrl();
  InterpolationContext context(*environment_.clock, environment_.config);
  context.Set("response", outcome.Json()).Set("headers", outcome.Headers()).Set("request_url", url);
  MR_ASSIGN_OR_RETURN(const PyValue message, message_.Evaluate(context));
  return PyTruthy(message) ? PyStr(message) : std::string();
}

Result<std::optional<ErrorResolution>> HttpResponseFilter::Match(
    const ExchangeOutcome& outcome) const {
  std::optional<ErrorResolution> none;
  if (!action_ || outcome.response() == nullptr) return none;
  MR_ASSIGN_OR_RETURN(const bool selected, Selects(outcome));
  if (!selected) return none;
  ErrorResolution resolution{*action_, FailureType::kSystemError, ""};
  MR_ASSIGN_OR_RETURN(resolution.message, Message(outcome));
  const ErrorResolution* usual = UsualResolution(outcome.response()->status);
  if (usual != nullptr) {
    resolution.failure_type = usual->failure_type;
    if (resolution.message.empty()) resolution.message = usual->message;
  }
  if (failure_type_ && *action_ == ResponseAction::kFail) resolution.failure_type = failure_type_;
  return std::optional<ErrorResolution>(std::move(resolution));
}

}  // namespace millrace
