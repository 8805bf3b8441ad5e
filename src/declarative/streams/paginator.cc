#include "declarative/streams/paginator.h"

#include "declarative/jinja/py_operators.h"

namespace millrace {

Result<std::unique_ptr<Paginator>> Paginator::Make(const Component* component,
                                                   const EngineEnvironment& environment) {
  std::unique_ptr<Paginator> paginator(new Paginator(environment));
  if (component == nullptr || component->type() == "NoPagination") return paginator;
  if (component->type() != "DefaultPaginator") return component->UnknownType("paginator");
  MR_ASSIGN_OR_RETURN(const Component strategy, component->Child("pagination_strategy"));
  MR_ASSIGN_OR_RETURN(paginator->strategy_, MakePaginationStrategy(strategy, environment));
  MR_ASSIGN_OR_RETURN(const auto size_option, component->ChildIf("page_size_option"));
  if (size_option) {
    if (paginator->strategy_->PageSize().value_or(0) == 0) {
      return component->FieldError("page_size_option", "the pagination strategy has no page_size");
    }
    MR_ASSIGN_OR_RETURN(paginator->size_option_, RequestOption::Make(*size_option));
  }
  MR_ASSIGN_OR_RETURN(const auto token_option, component->ChildIf("page_token_option"));
  if (token_option) {
    paginator->token_is_path_ = token_option->type() == "RequestPath";
    if (!paginator->token_is_path_) {
      MR_ASSIGN_OR_RETURN(paginator->token_option_, RequestOption::Make(*token_option));
    }
  }
  return paginator;
}

PyValue Paginator::InitialToken() const {
  return strategy_ ? strategy_->InitialToken() : PyValue();
}

std::optional<int64_t> Paginator::PageSize() const {
  return strategy_ ? strategy_->PageSize() : std::nullopt;
}

Result<RequestOptions> Paginator::OptionsFor(const PyValue& token,
                                             std::optional<int64_t> page_size) const {
  RequestOptions options;
  const InterpolationContext context(*environment_.clock, environment_.config);
  if (token_option_ && !token.is_none()) {
    MR_RETURN_IF_ERROR(token_option_->Inject(token, context, &options));
  }
  const std::optional<int64_t> size = page_size.has_value() ? page_size : PageSize();
  if (size_option_ && size.value_or(0) != 0) {
    MR_RETURN_IF_ERROR(size_option_->Inject(PyValue(*size), context, &options));
  }
  return options;
}

Result<std::string> Paginator::PathFor(const PyValue& token) const {
  return token_is_path_ && PyTruthy(token) ? PyStr(token) : std::string();
}

Result<PyValue> Paginator::NextToken(const PageRead& page) const {
  if (!strategy_) return PyValue();
  MR_ASSIGN_OR_RETURN(PyValue token, strategy_->NextToken(page));
  return PyTruthy(token) ? token : PyValue();
}

}  // namespace millrace
