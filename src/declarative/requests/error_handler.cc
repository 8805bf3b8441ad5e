#include "declarative/requests/error_handler.h"

#include <algorithm>

#include "declarative/jinja/py_operators.h"
#include "declarative/requests/http_response_filter.h"
#include "declarative/requests/python_number.h"

namespace millrace {
namespace {

/// The first filter that matches decides; else a reply below 400 is a success and the rest has its
/// usual meaning.
class DefaultErrorHandler final : public ErrorHandler {
 public:
  Result<ErrorResolution> Interpret(const ExchangeOutcome& outcome) const override {
    for (const HttpResponseFilter& filter : filters) {
      MR_ASSIGN_OR_RETURN(const std::optional<ErrorResolution> matched, filter.Match(outcome));
      if (matched) return *matched;
    }
    const ApiResponse* response = outcome.response();
    if (response != nullptr && response->ok()) return ErrorResolution{};
    const ErrorResolution* usual = response != nullptr ? UsualResolution(response->status)
                                                       : UsualResolution(outcome.exception_class());
    return usual != nullptr ? *usual : FallbackResolution(outcome);
  }
  int retries_max() const override { return retries; }
  std::vector<const BackoffStrategy*> backoff_strategies() const override {
    std::vector<const BackoffStrategy*> all;
    for (const auto& strategy : strategies) all.push_back(strategy.get());
    return all;
  }

  std::vector<HttpResponseFilter> filters;
  std::vector<std::unique_ptr<BackoffStrategy>> strategies;
  int retries = kRetriesDefault;
};

/// Asks several handlers: the first that knows how to go on decides, else the last.
class CompositeErrorHandler final : public ErrorHandler {
 public:
  Result<ErrorResolution> Interpret(const ExchangeOutcome& outcome) const override {
    ErrorResolution resolution;
    for (const auto& handler : handlers) {
      MR_ASSIGN_OR_RETURN(resolution, handler->Interpret(outcome));
      switch (resolution.action) {
        case ResponseAction::kFail:
        case ResponseAction::kRateLimited:
        case ResponseAction::kRefreshTokenThenRetry:
          break;
        default:
          return resolution;
      }
    }
    return resolution;
  }
  int retries_max() const override { return handlers.front()->retries_max(); }
  int seconds_max() const override {
    int most = 0;
    for (const auto& handler : handlers) most = std::max(most, handler->seconds_max());
    return most;
  }
  std::vector<const BackoffStrategy*> backoff_strategies() const override {
    std::vector<const BackoffStrategy*> all;
    for (const auto& handler : handlers) {
      for (const BackoffStrategy* strategy : handler->backoff_strategies()) all.push_back(strategy);
    }
    return all;
  }

  std::vector<std::unique_ptr<ErrorHandler>> handlers;
};

/// A number, or a template over the configuration that comes to one; evaluated once.
Result<int> Retries(const Component& component, const EngineEnvironment& environment) {
  const PyValue* field = component.Field("max_retries");
  if (field == nullptr) return ErrorHandler::kRetriesDefault;
  PyValue value = *field;
  if (field->is_str()) {
    const InterpolatedString text(field->str(), component.parameters(), "5");
    const InterpolationContext context(*environment.clock, environment.config);
    MR_ASSIGN_OR_RETURN(value, text.Evaluate(context));
  }
  const auto number = PyInt64Of(value);
  if (!number.ok()) {
    return component.FieldError("max_retries",
                                "it does not come to a whole number: " + PyRepr(value));
  }
  return static_cast<int>(std::clamp<int64_t>(*number, 0, 1'000'000));
}

Result<std::unique_ptr<ErrorHandler>> MakeOne(const Component& component,
                                              const EngineEnvironment& environment) {
  auto handler = std::make_unique<DefaultErrorHandler>();
  MR_ASSIGN_OR_RETURN(const auto strategies, component.Children("backoff_strategies"));
  for (const Component& strategy : strategies) {
    MR_ASSIGN_OR_RETURN(auto made, MakeBackoffStrategy(strategy, environment));
    handler->strategies.push_back(std::move(made));
  }
  MR_ASSIGN_OR_RETURN(const auto filters, component.Children("response_filters"));
  for (const Component& filter : filters) {
    MR_ASSIGN_OR_RETURN(auto made, HttpResponseFilter::Make(filter, environment));
    handler->filters.push_back(std::move(made));
  }
  MR_ASSIGN_OR_RETURN(handler->retries, Retries(component, environment));
  return std::unique_ptr<ErrorHandler>(std::move(handler));
}

}  // namespace

Result<std::unique_ptr<ErrorHandler>> MakeErrorHandler(const Component& component,
                                                       const EngineEnvironment& environment) {
  if (component.type() == "DefaultErrorHandler") return MakeOne(component, environment);
  if (component.type() != "CompositeErrorHandler") return component.UnknownType("error handler");
  auto composite = std::make_unique<CompositeErrorHandler>();
  MR_ASSIGN_OR_RETURN(const auto handlers, component.Children("error_handlers"));
  for (const Component& child : handlers) {
    MR_ASSIGN_OR_RETURN(auto made, MakeErrorHandler(child, environment));
    composite->handlers.push_back(std::move(made));
  }
  if (composite->handlers.empty()) {
    return component.FieldError("error_handlers", "at least one is needed");
  }
  return std::unique_ptr<ErrorHandler>(std::move(composite));
}

std::unique_ptr<ErrorHandler> MakeDefaultErrorHandler() {
  return std::make_unique<DefaultErrorHandler>();
}

}  // namespace millrace
