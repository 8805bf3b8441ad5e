#include "declarative/jinja/py_pairs.h"

#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {

Result<std::vector<PyDict::Entry>> PyPairsOf(const PyValue& value) {
  std::vector<PyDict::Entry> pairs;
  if (value.is_undefined()) return UseOfUndefined(value);
  if (const PyDict* mapping = MappingOf(value)) {
    pairs.assign(mapping->begin(), mapping->end());
    return pairs;
  }
  MR_ASSIGN_OR_RETURN(const PyList items, PyIterate(value));
  for (size_t i = 0; i < items.size(); ++i) {
    if (!PyIterable(items[i])) {
      return PyError("TypeError",
                     fmt::format("cannot convert dictionary update sequence element #{} to a "
                                 "sequence",
                                 i));
    }
    MR_ASSIGN_OR_RETURN(const PyList pair, PyIterate(items[i]));
    if (pair.size() != 2) {
      return PyError("ValueError",
                     fmt::format("dictionary update sequence element #{} has length {}; 2 is "
                                 "required",
                                 i, pair.size()));
    }
    pairs.emplace_back(pair[0], pair[1]);
  }
  return pairs;
}

}  // namespace millrace
