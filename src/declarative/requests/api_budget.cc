#include "declarative/requests/api_budget.h"

#include <algorithm>

#include "declarative/jinja/py_error.h"
#include "declarative/requests/python_number.h"

namespace millrace {

Result<std::unique_ptr<ApiBudget>> ApiBudget::Make(const Component& component,
                                                   const EngineEnvironment& environment) {
  std::unique_ptr<ApiBudget> budget(new ApiBudget(environment));
  MR_ASSIGN_OR_RETURN(budget->reset_header_,
                      component.TextOr("ratelimit_reset_header", "ratelimit-reset"));
  MR_ASSIGN_OR_RETURN(budget->remaining_header_,
                      component.TextOr("ratelimit_remaining_header", "ratelimit-remaining"));
  const PyValue* statuses = component.Field("status_codes_for_ratelimit_hit");
  if (statuses != nullptr && statuses->is_list()) {
    for (const PyValue& status : statuses->items()) {
      if (status.is_int()) budget->hit_statuses_.push_back(static_cast<int>(status.as_int()));
    }
  }
  if (budget->hit_statuses_.empty()) budget->hit_statuses_ = {429};
  MR_ASSIGN_OR_RETURN(const auto policies, component.Children("policies"));
  for (const Component& child : policies) {
    MR_ASSIGN_OR_RETURN(auto policy, MakeCallRatePolicy(child, environment));
    budget->policies_.push_back(std::move(policy));
  }
  return budget;
}

CallRatePolicy* ApiBudget::PolicyFor(const ApiRequest& request) const {
  for (const auto& policy : policies_) {
    if (policy->Matches(request)) return policy.get();
  }
  return nullptr;
}

Status ApiBudget::Acquire(const ApiRequest& request, std::stop_token stop) {
  CallRatePolicy* policy = PolicyFor(request);
  if (policy == nullptr) return Status::Ok();
  const int weight = policy->WeightOf(request);
  // Ends: the count is bounded.
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    MR_ASSIGN_OR_RETURN(const std::optional<std::chrono::microseconds> wait,
                        policy->TryAcquire(weight));
    if (!wait) return Status::Ok();
    if (!environment_.sleeper->Sleep(std::max(*wait, std::chrono::microseconds(0)), stop)) {
      return Status::Canceled();
    }
  }
  return PyError("CallRateLimitHit", "the API's budget had no room for a request");
}

Status ApiBudget::Learn(const ApiRequest& request, const ApiResponse& response) {
  CallRatePolicy* policy = PolicyFor(request);
  if (policy == nullptr) return Status::Ok();
  std::optional<int64_t> left, reset;
  if (const std::string_view text = response.Header(remaining_header_); !text.empty()) {
    MR_ASSIGN_OR_RETURN(left, PyInt64Of(PyValue(text)));
  } else if (std::find(hit_statuses_.begin(), hit_statuses_.end(), response.status) !=
             hit_statuses_.end()) {
    left = 0;
  }
  if (const std::string_view text = response.Header(reset_header_); !text.empty()) {
    MR_ASSIGN_OR_RETURN(reset, PyInt64Of(PyValue(text)));
  }
  policy->Update(left, reset);
  return Status::Ok();
}

}  // namespace millrace
