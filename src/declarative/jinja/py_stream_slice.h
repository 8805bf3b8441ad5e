#pragma once

#include <utility>

#include "declarative/jinja/py_value.h"

namespace millrace {

/// What templates see as stream_slice: reads like a dict of partition and window together, and has
/// the parts as attributes (partition, cursor_slice, extra_fields). Of Kind::kSlice.
class PyStreamSlice final : public PyObject {
 public:
  PyStreamSlice(PyValue partition, PyValue cursor_slice, PyValue extra_fields);
  static PyValue Make(PyValue partition, PyValue cursor_slice, PyValue extra_fields) {
    return PyValue::Of(
        PyValue::Kind::kSlice,
        new PyStreamSlice(std::move(partition), std::move(cursor_slice), std::move(extra_fields)));
  }

  const PyValue partition, cursor_slice, extra_fields;  ///< dicts
  const PyValue merged;                                 ///< a dict: the window over the partition
};

/// Requires kind() == kSlice.
inline const PyStreamSlice& StreamSliceOf(const PyValue& value) {
  return static_cast<const PyStreamSlice&>(*value.object());
}

/// The dict that `value` is or reads like; null when it is neither.
const PyDict* MappingOf(const PyValue& value);

}  // namespace millrace
