#include "declarative/records/without_lists.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace {
namespace {

/// Whether path `a` comes before `b`: indices before keys, parents before children.
bool Before(const PyList& a, const PyList& b) {
  for (size_t at = 0; at < a.size() && at < b.size(); ++at) {
    const PyValue &left = a[at], &right = b[at];
    if (left.is_str() != right.is_str()) return right.is_str();
    if (left.is_str()) {
      if (left.str() != right.str()) return left.str() < right.str();
    } else if (left.as_int() != right.as_int()) {
      return left.as_int() < right.as_int();
    }
  }
  return a.size() < b.size();
}

/// A copy of `container` without what stands at keys[depth…]; requires that it is there.
PyValue Without(const PyValue& container, const PyList& keys, size_t depth) {
  const bool here = depth + 1 == keys.size();
  if (container.is_dict()) {
    PyValue copy{PyDict(container.dict())};
    if (here) {
      copy.mutable_dict().Erase(keys[depth]);
    } else if (const PyValue* child = container.dict().Find(keys[depth])) {
      copy.mutable_dict().Set(keys[depth], Without(*child, keys, depth + 1));
    }
    return copy;
  }
  if (!container.is_list()) return container;
  PyList items = container.items();
  const auto at = static_cast<size_t>(keys[depth].as_int());
  if (here) {
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
  } else {
    items[at] = Without(items[at], keys, depth + 1);
  }
  return PyValue::List(std::move(items));
}

}  // namespace

Result<PyValue> WithoutLists(const PyValue& record, const PyPath& path) {
  MR_ASSIGN_OR_RETURN(std::vector<PyPath::Match> matches, path.Search(record));
  std::erase_if(matches, [](const PyPath::Match& match) { return !match.value.is_list(); });
  // From the end: what is removed moves nothing that is still to be removed.
  std::sort(matches.begin(), matches.end(),
            [](const auto& a, const auto& b) { return Before(b.keys, a.keys); });
  PyValue stripped = record;
  for (const PyPath::Match& match : matches) stripped = Without(stripped, match.keys, 0);
  return stripped.is_dict() ? PyValue(PyDict(stripped.dict())) : stripped;
}

}  // namespace millrace
