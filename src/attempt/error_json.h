#pragma once

#include "base/error.h"
#include "base/json.h"

namespace millrace {

/// An error on its way between processes: {"type", "message", "internal", "stream"}.
Json ErrorToJson(const Error& error);
/// What can't be understood becomes a system error that shows it.
Error ErrorFromJson(const Json& json);

}  // namespace millrace
