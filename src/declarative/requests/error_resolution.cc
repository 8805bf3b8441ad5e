#include "declarative/requests/error_resolution.h"

namespace millrace {
namespace {

struct ActionName {
  std::string_view name;
  ResponseAction action;
};

constexpr ActionName kActions[] = {
    {"SUCCESS", ResponseAction::kSuccess},
    {"RETRY", ResponseAction::kRetry},
    {"FAIL", ResponseAction::kFail},
    {"IGNORE", ResponseAction::kIgnore},
    {"RESET_PAGINATION", ResponseAction::kResetPagination},
    {"RATE_LIMITED", ResponseAction::kRateLimited},
    {"REFRESH_TOKEN_THEN_RETRY", ResponseAction::kRefreshTokenThenRetry},
    {"REDUCE_PAGE_SIZE", ResponseAction::kReducePageSize},
    {"SPLIT_REQUEST_WINDOW", ResponseAction::kSplitRequestWindow},
};

}  // namespace

std::optional<ResponseAction> ResponseActionOf(std::string_view name) {
  for (const ActionName& known : kActions) {
    if (known.name == name) return known.action;
  }
  return std::nullopt;
}

std::string_view ToString(ResponseAction action) {
  for (const ActionName& known : kActions) {
    if (known.action == action) return known.name;
  }
  return "";
}

bool IsRetried(ResponseAction action) {
  return action == ResponseAction::kRetry || action == ResponseAction::kRateLimited ||
         action == ResponseAction::kRefreshTokenThenRetry;
}

std::optional<FailureType> FailureTypeOf(std::string_view name) {
  for (const FailureType type :
       {FailureType::kConfigError, FailureType::kTransientError, FailureType::kSystemError}) {
    if (ToString(type) == name) return type;
  }
  return std::nullopt;
}

}  // namespace millrace
