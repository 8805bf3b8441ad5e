#include "base/error.h"

namespace millrace {

std::string_view ToString(FailureType type) {
  switch (type) {
    case FailureType::kConfigError:
      return "config_error";
    case FailureType::kTransientError:
      return "transient_error";
    case FailureType::kSystemError:
      return "system_error";
  }
  return "system_error";
}

}  // namespace millrace
