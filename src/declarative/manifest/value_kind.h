#pragma once

#include <string_view>

#include "declarative/jinja/py_value.h"

namespace millrace {

/// What a person calls a value of that kind in a manifest: "text", "a whole number", "a list", …
std::string_view ValueKind(const PyValue& value);

}  // namespace millrace
