#include "declarative/jinja/jinja_lookup.h"

#include <algorithm>
#include <iterator>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

/// What every Python object has; and containers besides.
bool IsSpecialName(std::string_view name, bool container) {
  static constexpr std::string_view kObjects[] = {
      "class",        "delattr",  "dir",         "doc",    "eq",        "format",        "ge",
      "getattribute", "getstate", "gt",          "hash",   "init",      "init_subclass", "le",
      "lt",           "ne",       "new",         "reduce", "reduce_ex", "repr",          "setattr",
      "sizeof",       "str",      "subclasshook"};
  static constexpr std::string_view kContainers[] = {"contains", "getitem", "iter",         "len",
                                                     "reversed", "setitem", "delitem",      "or",
                                                     "ior",      "ror",     "class_getitem"};
  if (name.size() < 5 || !name.starts_with("__") || !name.ends_with("__")) return false;
  const std::string_view word = name.substr(2, name.size() - 4);
  const auto is_one = [word](auto begin, auto end) { return std::find(begin, end, word) != end; };
  return is_one(std::begin(kObjects), std::end(kObjects)) ||
         (container && is_one(std::begin(kContainers), std::end(kContainers)));
}

/// A stream slice shows its parts, and one of them under its private name as well.
PyValue AttributeOfSlice(const PyStreamSlice& slice, std::string_view name) {
  if (name == "partition" || name == "_partition") return slice.partition;
  if (name == "cursor_slice") return slice.cursor_slice;
  if (name == "extra_fields") return slice.extra_fields;
  const bool hidden = name == "_cursor_slice" || name == "_extra_fields" || name == "_stream_slice";
  return hidden ? PyValue::Hidden() : PyValue::Undefined();
}

/// What getattr() finds; false: nothing (AttributeError).
bool FindAttribute(const PyValue& object, std::string_view name, PyValue* value) {
  if (object.kind() == Kind::kSlice) {
    *value = AttributeOfSlice(StreamSliceOf(object), name);
    if (!value->is_undefined() || value->is_hidden()) return true;
  }
  if (const PyFunction method = FindPyMethod(object.kind(), name)) {
    *value = PyBoundMethod(object, method, name);
    return true;
  }
  *value =
      object.kind() == Kind::kObject ? OpaqueOf(object).Attribute(name) : PyAttribute(object, name);
  if (!value->is_undefined()) {
    if (name.starts_with('_')) *value = PyValue::Hidden();
    return true;
  }
  if (!IsSpecialName(name, PyIterable(object))) return false;
  *value = PyValue::Hidden();
  return true;
}

}  // namespace

bool IsAttributeOfDicts(std::string_view name) {
  static constexpr std::string_view kMethods[] = {"clear",      "copy",   "fromkeys", "get",
                                                  "items",      "keys",   "pop",      "popitem",
                                                  "setdefault", "update", "values"};
  return std::find(std::begin(kMethods), std::end(kMethods), name) != std::end(kMethods) ||
         IsSpecialName(name, /*container=*/true);
}

Result<PyValue> JinjaAttribute(const PyValue& object, std::string_view name) {
  if (object.is_undefined()) {
    if (IsSpecialName(name, /*container=*/false)) return PyValue::Hidden();
    return UseOfUndefined(object);
  }
  PyValue value;
  if (FindAttribute(object, name, &value)) return value;
  if (const PyDict* dict = MappingOf(object)) {
    if (const PyValue* item = dict->Find(name)) return *item;
  }
  return PyValue::Undefined();
}

Result<PyValue> JinjaItem(const PyValue& object, const PyValue& key) {
  if (object.is_undefined()) return UseOfUndefined(object);
  if (const PyDict* dict = MappingOf(object)) {
    // An unhashable key is no key.
    if (const PyValue* item = PyHashable(key).ok() ? dict->Find(key) : nullptr) return *item;
  } else if (!key.is_str()) {
    Result<PyValue> item = PySubscript(object, key);
    if (item.ok()) return item;
  }
  PyValue value;
  if (key.is_str() && FindAttribute(object, key.str(), &value)) return value;
  return PyValue::Undefined();
}

}  // namespace millrace
