#include "declarative/streams/page_size_reducer.h"

#include <algorithm>
#include <cmath>

namespace millrace {
namespace {

/// A field that is a number, whole or not.
Result<double> NumberOr(const Component& component, std::string_view name, double missing) {
  const PyValue* field = component.Field(name);
  if (field == nullptr) return missing;
  if (field->is_int()) return static_cast<double>(field->as_int());
  if (field->is_float()) return field->as_float();
  return component.FieldError(name, "a number is expected");
}

}  // namespace

Result<PageSizeReduction> PageSizeReduction::Make(const Component& component) {
  PageSizeReduction reduction;
  MR_ASSIGN_OR_RETURN(reduction.factor, NumberOr(component, "reduction_factor", 2.0));
  MR_ASSIGN_OR_RETURN(reduction.smallest, component.IntOr("minimum_page_size", 1));
  MR_ASSIGN_OR_RETURN(reduction.attempts_max, component.IntOr("max_attempts", 5));
  MR_ASSIGN_OR_RETURN(const std::string policy, component.TextOr("reset_policy", "NEVER"));
  reduction.restores_after_page = policy == "AFTER_SUCCESSFUL_PAGE";
  MR_ASSIGN_OR_RETURN(reduction.backoff_seconds, NumberOr(component, "backoff_seconds", 0.5));
  MR_ASSIGN_OR_RETURN(reduction.retries_at_smallest,
                      component.IntOr("retries_at_minimum_page_size", 0));
  MR_ASSIGN_OR_RETURN(reduction.failure_message, component.TextOr("failure_message", ""));
  if (!(reduction.factor > 1))
    return component.FieldError("reduction_factor", "it must be above 1");
  if (reduction.smallest < 1)
    return component.FieldError("minimum_page_size", "it must be above 0");
  if (reduction.attempts_max < 1) return component.FieldError("max_attempts", "it must be above 0");
  if (!(reduction.backoff_seconds >= 0)) {
    return component.FieldError("backoff_seconds", "it must not be negative");
  }
  if (reduction.retries_at_smallest < 0) {
    return component.FieldError("retries_at_minimum_page_size", "it must not be negative");
  }
  return reduction;
}

Status PageSizeReducer::Reduce(std::stop_token stop) {
  if (!configured_) {
    return ConfigError(
        "stream {} is to ask for smaller pages, but has no page size: set page_size on the "
        "pagination strategy and page_size_option on the paginator",
        stream_);
  }
  const int64_t size = current_.value_or(*configured_);
  const int64_t smaller =
      std::max(reduction_.smallest,
               static_cast<int64_t>(std::floor(static_cast<double>(size) / reduction_.factor)));
  if (smaller >= size) return RetryAtSmallest(size, std::move(stop));
  if (++attempts_ > reduction_.attempts_max) {
    return GiveUp(fmt::format("at every size that was asked for, down to {} records", size));
  }
  current_ = smaller;
  return Wait(attempts_, std::move(stop));
}

Status PageSizeReducer::RetryAtSmallest(int64_t size, std::stop_token stop) {
  if (retries_ < reduction_.retries_at_smallest) return Wait(++retries_, std::move(stop));
  if (!current_ && reduction_.smallest > 1) {
    return ConfigError(
        "the pages of stream {} have {} records, which is not above minimum_page_size ({}), so "
        "they can't get smaller: raise the one or lower the other",
        stream_, size, reduction_.smallest);
  }
  return GiveUp(fmt::format("at the smallest size that may be asked for, {} records", size));
}

Status PageSizeReducer::GiveUp(const std::string& why) const {
  return TransientError("the API keeps refusing the pages of stream {} {}{}{}", stream_, why,
                        reduction_.failure_message.empty() ? "" : ". ", reduction_.failure_message);
}

Status PageSizeReducer::Wait(int64_t times, std::stop_token stop) {
  const std::chrono::duration<double> wait(reduction_.backoff_seconds * static_cast<double>(times));
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(wait);
  return environment_.sleeper->Sleep(nanos, std::move(stop)) ? Status::Ok() : Status::Canceled();
}

void PageSizeReducer::PageSucceeded() {
  attempts_ = retries_ = 0;
  if (reduction_.restores_after_page) current_.reset();
}

}  // namespace millrace
