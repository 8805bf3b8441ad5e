#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace millrace {

/// One place where a document misses its schema.
struct SchemaViolation {
  std::vector<std::string> path;  ///< keys and indexes from the root
  std::string description;        ///< the validator's own words
};

/// Holds `document` against a JSON Schema (draft 7); empty when it fits. The innermost violations
/// come first. A schema that can't be understood is a violation of its own, at the root.
std::vector<SchemaViolation> ValidateSchema(const Json& schema, const Json& document);

}  // namespace millrace
