#pragma once

#include <string_view>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// Whose value counts when a component and one above it set the same `$parameters` key.
enum class ParameterPrecedence {
  kOwn,     ///< the component's: manifests
  kParent,  ///< the one above: streams made from a template with use_parent_parameters
};

/// A component, and all below it, with types and parameters filled in:
/// - a missing `type` becomes what its field holds by default, or, of a component with
///   `class_name`, the custom type of that field;
/// - each parameter of the component and those above it becomes a field of the component where
///   that field is missing or falsy, and stays in its `$parameters` for templates;
/// - dicts without a type and JSON schemas get neither; what lies in them is left as it is, but for
///   typed members of a dict without a type.
///
/// `place` is "HttpRequester.authenticator", or empty at the root. The component is not changed.
Result<PyValue> PropagateParameters(const PyValue& component, std::string_view place = {},
                                    const PyValue& parameters = PyDict(),
                                    ParameterPrecedence precedence = ParameterPrecedence::kOwn);

}  // namespace millrace
