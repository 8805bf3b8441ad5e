#pragma once

#include "base/status.h"

namespace millrace {

/// What to tell of a status that is not ok: its error; a cancellation, which has none, is a system
/// error.
Error ErrorOf(const Status& status);

}  // namespace millrace
