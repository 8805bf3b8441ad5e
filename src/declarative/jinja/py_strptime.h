#pragma once

#include <string_view>

#include "declarative/jinja/py_time.h"

namespace millrace {

/// datetime.strptime(text, format) in the C locale: naive unless %z is there. A ValueError when the
/// text doesn't match or the format has an unknown directive. No allocation but for failures.
Result<PyMoment> PyStrptime(std::string_view text, std::string_view format);

}  // namespace millrace
