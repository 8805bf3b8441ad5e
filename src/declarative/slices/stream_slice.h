#pragma once

#include <memory>
#include <string_view>

#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// What a cursor notes about a slice while it is read: written by the one thread that reads the
/// slice, taken over by the cursor when the slice is closed.
struct SliceProgress {
  virtual ~SliceProgress() = default;
};

/// One piece of a stream's reading: what partition of it, and what window of its cursor. A plain
/// value; the dicts are not changed any more once a slice was made of them. Header-only, because
/// requests and records know slices and slices know them.
struct StreamSlice {
  PyValue partition = PyValue(PyDict());     ///< a dict: the keys that tell partitions apart
  PyValue cursor_slice = PyValue(PyDict());  ///< a dict: the window, formatted
  PyValue extra_fields = PyValue(PyDict());  ///< a dict: what parents pass along; no part of it
  /// The cursor's, which handed the slice out. Copies share it, so a slice that is narrowed or gets
  /// other extra fields still counts as the one it was. Null: it comes from nowhere.
  std::shared_ptr<SliceProgress> progress;

  bool empty() const {
    return partition.dict().empty() && cursor_slice.dict().empty() && extra_fields.dict().empty();
  }
  /// The key's value in the window or the partition; null when neither has it.
  const PyValue* Find(std::string_view key) const {
    const PyValue* found = cursor_slice.Find(key);
    return found != nullptr ? found : partition.Find(key);
  }
  /// What templates see as `stream_slice`: a dict of partition and window, with the three as
  /// attributes. Made anew by every call: make it once for a slice, not for every record.
  PyValue ToPyValue() const { return PyStreamSlice::Make(partition, cursor_slice, extra_fields); }
};

/// Extra fields don't count.
inline bool operator==(const StreamSlice& a, const StreamSlice& b) {
  return PyEqual(a.partition, b.partition) && PyEqual(a.cursor_slice, b.cursor_slice);
}

}  // namespace millrace
