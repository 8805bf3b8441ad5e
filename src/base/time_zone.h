#pragma once

#include <string_view>

#include "base/status.h"

namespace millrace {

/// A config error unless the system's time zone database has `name` ("Europe/Paris", "UTC"); with
/// the nearest names. Any thread.
Status CheckTimeZone(std::string_view name);

}  // namespace millrace
