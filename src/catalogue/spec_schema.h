#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace millrace {

// Reading a specification's JSON Schema the way its author meant it.

/// The types that a schema names: {"integer"}, {"null", "string"}; empty: any.
std::vector<std::string> TypesOf(const Json& schema);

/// The branches of a schema's oneOf or anyOf; null when it has none.
const Json* BranchesOf(const Json& schema);

/// The field whose const (or only enum value) tells the branches apart ("mode", "method" …);
/// empty when there is none.
std::string DiscriminatorOf(const Json& branches);

/// The value that `branch` gives to its discriminator; null when it gives none.
const Json* DiscriminatorValue(const Json& branch, const std::string& discriminator);

/// The branch that `value` means: the one whose discriminator it carries (or leaves out, when the
/// branch has a default for it); without a discriminator the one whose type fits. Null: none.
const Json* ChosenBranch(const Json& branches, const Json& value);

/// True when `type` (of JSON Schema) is the value's.
bool HasType(const Json& value, const std::string& type);

/// The schema of an object's property, looked up in the schema itself and in the chosen branch.
const Json* PropertySchema(const Json& schema, const Json& object, const std::string& key);

}  // namespace millrace
