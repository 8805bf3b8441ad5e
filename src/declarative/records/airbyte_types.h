#pragma once

#include <optional>
#include <string_view>

#include "declarative/jinja/py_value.h"

namespace millrace {

/// The JSON schema of one of Airbyte's types by its name ("timestamp_with_timezone"), new each
/// time; nothing for a name that is none.
std::optional<PyValue> AirbyteTypeSchema(std::string_view name);

}  // namespace millrace
