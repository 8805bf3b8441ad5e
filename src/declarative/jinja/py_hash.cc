#include "declarative/jinja/py_hash.h"

#include <bit>

#include "base/hash.h"

namespace millrace {
namespace {

/// Up to so many items each is compared with each.
constexpr size_t kFewItems = 8;

}  // namespace

size_t PyHash(const PyValue& value) {
  if (PyIsNumber(value)) {
    const double number = value.is_float() ? value.as_float() : PyIntToDouble(value);
    return MixWords(std::bit_cast<uint64_t>(number == 0 ? 0.0 : number), 1);
  }
  switch (value.kind()) {
    case PyValue::Kind::kStr:
    case PyValue::Kind::kBytes:
      return HashBytes(value.str());
    case PyValue::Kind::kTuple: {
      uint64_t hash = 2;
      for (const PyValue& item : value.items()) hash = MixWords(hash, PyHash(item));
      return hash;
    }
    case PyValue::Kind::kObject:
      return MixWords(std::bit_cast<uintptr_t>(value.object()), 3);
    default:
      return static_cast<size_t>(value.kind());
  }
}

Result<PyList> PyUniqueItems(const PyList& items) {
  PyList kept;
  PyValueSet seen;
  for (const PyValue& item : items) {
    MR_RETURN_IF_ERROR(PyHashable(item));
    if (seen.insert(item).second) kept.push_back(item);
  }
  return kept;
}

Result<PyDict> PyDictOf(std::vector<PyDict::Entry> members) {
  PyDict dict;
  dict.Reserve(members.size());
  PyValueMap<size_t> places;
  const bool few = members.size() <= kFewItems;
  for (auto& [key, value] : members) {
    MR_RETURN_IF_ERROR(PyHashable(key));
    if (few) {
      dict.Set(std::move(key), std::move(value));
      continue;
    }
    const auto [place, first] = places.try_emplace(key, dict.size());
    if (first) {
      dict.Append(std::move(key), std::move(value));
    } else {
      (dict.begin() + static_cast<ptrdiff_t>(place->second))->second = std::move(value);
    }
  }
  return dict;
}

}  // namespace millrace
