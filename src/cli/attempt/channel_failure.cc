#include "cli/attempt/channel_failure.h"

#include <nlohmann/json.hpp>

#include "attempt/error_json.h"

namespace millrace {

int TellFailure(AttemptChannel& channel, const Status& status, bool before_contact,
                FailureOrigin origin) {
  const Error error = status.failed() ? status.error()
                                      : Error{FailureType::kSystemError, status.ToString(), {}, {}};
  // When the parent is gone there is nobody to tell.
  (void)channel
      .TellLast({{"type", "FAILURE"},
                 {"before_contact", before_contact && error.type == FailureType::kConfigError},
                 {"error", ErrorToJson(error)},
                 {"error_origin", ToString(origin)}})
      .ok();
  return 1;
}

}  // namespace millrace
