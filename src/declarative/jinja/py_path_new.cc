#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_item.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_path.h"

namespace millrace {

Status PyPath::SetNew(const PyValue& object, const PyValue& value) const {
  if (segments_.empty()) return PyError("IndexError", "list index out of range");
  PyValue current = object;
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    const PyValue key = AsPyIndex(current, segments_[i].value);
    const PyValue* next = PyItemOf(current, key);
    if (next == nullptr) {
      // What is made depends on the next segment: digits ask for a list.
      const PyValue& after = segments_[i + 1].value;
      const bool list = after.is_int() || after.is_bool() || IsPyDecimal(after);
      PyValue made = list ? PyValue::List() : PyValue(PyDict());
      if (IsPySequence(current)) {
        if (!segments_[i].index.has_value()) {
          return PyError("ValueError", fmt::format("invalid literal for int() with base 10: {}",
                                                   PyRepr(segments_[i].value)));
        }
        if (current.is_list()) MR_RETURN_IF_ERROR(ExtendPyList(current, *segments_[i].index));
      }
      MR_RETURN_IF_ERROR(SetPyItem(current, key, made));
      next = PyItemOf(current, key);
    }
    if (next == nullptr || IsPathLeaf(*next)) {
      return PyError("PathNotFound", fmt::format("Path: {}[{}]", ToString(), i));
    }
    current = PyValue(*next);
  }
  const PyValue last = AsPyIndex(current, segments_.back().value);
  if (last.is_int() || last.is_bool()) {
    if (current.is_list()) MR_RETURN_IF_ERROR(ExtendPyList(current, last.as_int()));
    // dpath takes every number for a list's index and stumbles over a dict that is long enough.
    if (current.is_dict() && last.as_int() < static_cast<int64_t>(current.dict().size())) {
      return PyError("AttributeError", "'dict' object has no attribute 'extend'");
    }
  }
  return SetPyItem(current, last, value);
}

}  // namespace millrace
