#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

PyValue Merged(const PyValue& partition, const PyValue& cursor_slice) {
  PyDict merged = partition.dict();
  for (const auto& [key, value] : cursor_slice.dict()) merged.Set(key, value);
  return PyValue(std::move(merged));
}

}  // namespace

PyStreamSlice::PyStreamSlice(PyValue partition_, PyValue cursor_slice_, PyValue extra_fields_)
    : partition(std::move(partition_)),
      cursor_slice(std::move(cursor_slice_)),
      extra_fields(std::move(extra_fields_)),
      merged(Merged(partition, cursor_slice)) {}

const PyDict* MappingOf(const PyValue& value) {
  if (value.is_dict()) return &value.dict();
  return value.kind() == PyValue::Kind::kSlice ? &StreamSliceOf(value).merged.dict() : nullptr;
}

}  // namespace millrace
