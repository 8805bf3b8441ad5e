#pragma once

#include "base/status.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// Holds a value against a JSON Schema (draft 7; of later ones what is the same), as Python's
/// jsonschema.validate does: formats are not asserted, `$ref` leads to places of the schema itself.
/// The config error has that library's words ("'token' is a required property"), of the violation
/// that it would pick: the one least deep, first of several. What the schema asks for that isn't
/// understood (a reference elsewhere, a pattern that doesn't compile) is an error as well. At most
/// 200 schemas deep.
Status CheckJsonSchema(const PyValue& schema, const PyValue& value);

}  // namespace millrace
