#pragma once

#include "declarative/jinja/py_function.h"

namespace millrace {

/// The items in the order of their keys, equal ones as they stood. A TypeError when two keys don't
/// compare. `keys` are as many as items.
Result<PyList> PySorted(EvaluationBudget& budget, const PyList& items, const PyList& keys,
                        bool reverse);

}  // namespace millrace
