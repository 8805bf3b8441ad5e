#pragma once

#include <string_view>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// `object.name` in a template: an attribute or method first, then the item. Undefined when there
/// is neither (or it's hidden by the sandbox); UndefinedError when `object` is undefined.
Result<PyValue> JinjaAttribute(const PyValue& object, std::string_view name);

/// `object[key]` in a template: the item first, then (for text) the attribute. The same failures.
Result<PyValue> JinjaItem(const PyValue& object, const PyValue& key);

/// Whether a dict has such an attribute (a method of its own, or one of all objects), so that
/// `dict.name` isn't simply its item.
bool IsAttributeOfDicts(std::string_view name);

}  // namespace millrace
