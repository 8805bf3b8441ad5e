#pragma once

#include <string>

#include "base/result.h"

namespace millrace {

/// What MILLRACE_ADMIN_PASSWORD, or the file that MILLRACE_ADMIN_PASSWORD_FILE names, gives the
/// first person; empty: neither is set. A config error when the file can't be read or is empty.
Result<std::string> FirstPasswordFromEnvironment();

}  // namespace millrace
