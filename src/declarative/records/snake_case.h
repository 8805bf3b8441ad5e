#pragma once

#include <string>

#include "base/result.h"

namespace millrace {

/// A key as snake_case in ASCII: "Créé-le (UTC)" becomes "cree_le_utc_". A system error names a key
/// with characters that Millrace can't spell (only letters of European scripts).
Result<std::string> SnakeCaseKey(const std::string& key);

}  // namespace millrace
