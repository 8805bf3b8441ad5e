#include "cli/attempt/channel_failure.h"

#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "base/error_of.h"

namespace millrace {

int TellFailure(AttemptChannel& channel, const Status& status, bool before_contact,
                FailureOrigin origin) {
  const Error error = ErrorOf(status);
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
