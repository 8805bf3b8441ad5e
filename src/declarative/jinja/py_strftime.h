#pragma once

#include <string>
#include <string_view>

#include "declarative/jinja/py_time.h"

namespace millrace {

/// datetime.strftime(format) as on Linux in the C locale: the C library's directives and flags, and
/// %f, %z, %Z as Python has them. A date is a naive midnight.
std::string PyStrftime(const PyMoment& moment, std::string_view format);

}  // namespace millrace
