#pragma once

#include <string>

#include "base/json.h"
#include "catalogue/schema_validator.h"

namespace millrace {

/// The violation in words for the person who wrote `config`: "source.config.port is "x"; it must
/// be a whole number from 1 to 65535". Values of secret fields are not shown.
std::string ViolationText(const Json& schema, const Json& config, std::string_view where,
                          const SchemaViolation& violation);

}  // namespace millrace
