#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace millrace {

/// Translates `jdbc_url_params` ("a=1&b=2", percent-encoded as in a URL) into libpq's keywords, for
/// what has a counterpart there. Parameters that mean nothing here are logged as warnings, by name
/// only. Config error: text that is not name=value pairs.
Result<std::vector<std::pair<std::string, std::string>>> LibpqParamsFromJdbc(
    std::string_view jdbc_url_params);

}  // namespace millrace
