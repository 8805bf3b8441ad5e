#pragma once

#include <string_view>

#include "base/status.h"

namespace millrace {

/// A failure as Python names it: "ValueError: what happened". What the engine does next depends on
/// the class in places. A system error unless whoever evaluates says otherwise.
Status PyError(std::string_view exception, std::string_view what);

/// Whether `status` was made by PyError with that class, whatever context was added since.
bool IsPyError(const Status& status, std::string_view exception);

}  // namespace millrace
