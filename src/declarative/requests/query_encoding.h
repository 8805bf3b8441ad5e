#pragma once

#include <string>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// A dict as a query or form, as requests encodes it: lists repeat their key, None is left out,
/// anything else is its str(). TypeError when `params` is no dict.
Result<std::string> EncodeQuery(const PyValue& params);

}  // namespace millrace
