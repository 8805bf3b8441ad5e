#pragma once

#include <cstddef>
#include <unordered_map>
#include <unordered_set>

#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// The same for values that are equal in Python (1, 1.0 and True). Requires PyHashable.
size_t PyHash(const PyValue& value);

struct PyHasher {
  size_t operator()(const PyValue& value) const { return PyHash(value); }
};
struct PySame {
  bool operator()(const PyValue& a, const PyValue& b) const { return a.Is(b) || PyEqual(a, b); }
};

// For whoever builds large dicts and sets: PyDict and kSet are searched from the front.
using PyValueSet = std::unordered_set<PyValue, PyHasher, PySame>;
template <typename T>
using PyValueMap = std::unordered_map<PyValue, T, PyHasher, PySame>;

/// The items without repeats, the first of each. TypeError when one isn't hashable.
Result<PyList> PyUniqueItems(const PyList& items);

/// A dict of these members; of repeated keys the first place and the last value. TypeError when a
/// key isn't hashable.
Result<PyDict> PyDictOf(std::vector<PyDict::Entry> members);

}  // namespace millrace
