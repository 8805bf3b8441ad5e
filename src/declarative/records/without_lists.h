#pragma once

#include "base/result.h"
#include "declarative/jinja/py_path.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// `record` without the lists that match; other matches stay. It shares what isn't on the way to
/// them.
Result<PyValue> WithoutLists(const PyValue& record, const PyPath& path);

}  // namespace millrace
