#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/stream_descriptor.h"

namespace millrace {

/// What has to happen next; the Airbyte Protocol's failure types.
enum class FailureType {
  kConfigError,     ///< the user must change something: never retried
  kTransientError,  ///< the world may be better in a moment: retried with backoff
  kSystemError,     ///< a fault of ours or of the other system: file a bug
};

/// "config_error", "transient_error", "system_error".
std::string_view ToString(FailureType type);

/// A failure. `message` is one line for a person: what happened, where, what to do. `internal` is
/// for the log (a server's own words, an errno). Neither holds a secret.
struct Error {
  FailureType type = FailureType::kSystemError;
  std::string message;
  std::string internal;
  std::optional<StreamDescriptor> stream;
};

}  // namespace millrace
