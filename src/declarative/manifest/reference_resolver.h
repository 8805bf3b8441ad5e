#pragma once

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// A manifest with its references replaced by what they refer to: texts that begin with "#/", and
/// `$ref` keys, whose dict is laid under the keys beside it. A reference is looked up from the
/// manifest's root: first all that is left of it as one key, then segment by segment; segments that
/// are numbers index lists. What stands under `config_overrides` is left alone.
///
/// The result shares no dict or list with the manifest. Each of its dicts has the line of where it
/// is written, or, where it only refers, of what it refers to. Config errors: a reference to
/// nothing, one that leads back to itself, more than 3,000,000 values (references multiply).
Result<PyValue> ResolveReferences(const PyValue& manifest);

}  // namespace millrace
