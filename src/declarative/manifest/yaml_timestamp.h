#pragma once

#include <string_view>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// Whether a plain scalar is a date ("2024-01-31") or a timestamp ("2024-1-31 12:00:00.5 +01:00").
bool IsYamlTimestamp(std::string_view text);

/// A date or a datetime; naive without an offset. Fails when there is no such day or time.
Result<PyValue> MakeYamlTimestamp(std::string_view text);

}  // namespace millrace
