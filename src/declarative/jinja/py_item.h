#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

// One step of a path: an item of a dict or list by a key that may be text or a number, as
// py_path.h walks them.

bool IsPySequence(const PyValue& value);
/// What dpath doesn't look into: text, bytes, numbers, bools, None.
bool IsPathLeaf(const PyValue& value);

/// int(segment); none when that fails or doesn't fit.
std::optional<int64_t> PyIndexOf(const PyValue& segment);
/// Python's str.isdecimal, of ASCII digits.
bool IsPyDecimal(const PyValue& segment);
/// The key as `container` understands it: a list takes text of digits for a number.
PyValue AsPyIndex(const PyValue& container, const PyValue& key);

/// container[key]; null when Python would raise. A list counts negative ones from its end.
const PyValue* PyItemOf(const PyValue& container, const PyValue& key);
/// container[key] = value; TypeError or IndexError as Python has it.
Status SetPyItem(const PyValue& container, const PyValue& key, const PyValue& value);
/// Fills a list with None until it has that index. MemoryError when that's a million or more.
Status ExtendPyList(const PyValue& list, int64_t index);

}  // namespace millrace
