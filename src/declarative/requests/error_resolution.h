#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace {

/// What is done about a reply.
enum class ResponseAction {
  kSuccess,
  kRetry,
  kFail,
  kIgnore,
  kResetPagination,
  kRateLimited,
  kRefreshTokenThenRetry,
  kReducePageSize,
  kSplitRequestWindow,
};

/// "SUCCESS", "RETRY", …; none for anything else.
std::optional<ResponseAction> ResponseActionOf(std::string_view name);
std::string_view ToString(ResponseAction action);
/// Whether the request is sent again.
bool IsRetried(ResponseAction action);

/// An error handler's verdict. A plain value.
struct ErrorResolution {
  ResponseAction action = ResponseAction::kSuccess;
  std::optional<FailureType> failure_type;
  std::string message;  ///< for people; empty: none
};

/// "config_error", "transient_error", "system_error"; none for anything else.
std::optional<FailureType> FailureTypeOf(std::string_view name);

}  // namespace millrace
