#include <algorithm>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

Status TypeError(std::string_view format, const PyValue& value) {
  return PyError("TypeError", fmt::format(fmt::runtime(format), PyTypeName(value)));
}

bool HasItems(const PyValue& value) {
  return value.is_list() || value.is_tuple() || value.kind() == Kind::kSet;
}

bool HoldsItem(const PyList& items, const PyValue& item) {
  return std::any_of(items.begin(), items.end(),
                     [&](const PyValue& there) { return there.Is(item) || PyEqual(there, item); });
}

PyValue TextLike(const PyValue& value, std::string text) {
  if (value.kind() == Kind::kBytes) return PyValue::Bytes(std::move(text));
  return value.is_markup() ? PyValue::Markup(std::move(text)) : PyValue(std::move(text));
}

Result<PyValue> ItemAt(const PyValue& value, const PyValue& key) {
  if (key.kind() == Kind::kBigInt) {
    return PyError("IndexError", "cannot fit 'int' into an index-sized integer");
  }
  if (!key.is_int() && !key.is_bool()) return TypeError("indices must be integers, not '{}'", key);
  const bool text = value.is_str();
  const int64_t length = text ? CodePointLength(value.str())
                         : value.kind() == Kind::kBytes
                             ? static_cast<int64_t>(value.str().size())
                             : static_cast<int64_t>(value.items().size());
  int64_t index = key.as_int();
  if (index < 0) index += length;
  if (index < 0 || index >= length) return PyError("IndexError", "index out of range");
  if (value.kind() == Kind::kBytes) {
    return PyValue(static_cast<int>(static_cast<unsigned char>(value.str()[index])));
  }
  if (!text) return value.items()[index];
  const size_t start = CodePointOffset(value.str(), index);
  size_t end = start;
  NextCodePoint(value.str(), &end);
  return TextLike(value, value.str().substr(start, end - start));
}

struct SliceBounds {
  int64_t start, step, count;
};

/// A bound of a slice as an index; `missing` for None.
Result<int64_t> Bound(const PyValue& value, int64_t length, int64_t least, int64_t most,
                      int64_t missing) {
  if (value.is_none()) return missing;
  if (value.kind() == Kind::kBigInt) return PyIntToDouble(value) < 0 ? least : most;
  if (!value.is_int() && !value.is_bool()) {
    return PyError("TypeError",
                   "slice indices must be integers or None or have an __index__ method");
  }
  int64_t index = value.as_int();
  if (index < 0) index = index < -length ? least : index + length;
  return std::clamp(index, least, most);
}

Result<SliceBounds> BoundsOf(int64_t length, const PyValue& start, const PyValue& stop,
                             const PyValue& step) {
  SliceBounds bounds{0, 1, 0};
  if (!step.is_none()) {
    // Without an index to count from, and never so low that it has no opposite.
    MR_ASSIGN_OR_RETURN(bounds.step, Bound(step, INT64_MAX, -INT64_MAX, INT64_MAX, 1));
    if (step.is_int()) bounds.step = std::max(step.as_int(), -INT64_MAX);
  }
  if (bounds.step == 0) return PyError("ValueError", "slice step cannot be zero");
  const bool back = bounds.step < 0;
  const int64_t least = back ? -1 : 0, most = back ? length - 1 : length;
  MR_ASSIGN_OR_RETURN(bounds.start, Bound(start, length, least, most, back ? most : least));
  MR_ASSIGN_OR_RETURN(const int64_t end, Bound(stop, length, least, most, back ? least : most));
  const int64_t distance = back ? bounds.start - end : end - bounds.start;
  const int64_t stride = back ? -bounds.step : bounds.step;
  bounds.count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  return bounds;
}

/// The characters of text (or bytes), one by one.
std::vector<std::string_view> Characters(const PyValue& value) {
  std::vector<std::string_view> characters;
  const std::string_view text = value.str();
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    if (value.is_str()) {
      NextCodePoint(text, &at);
    } else {
      ++at;
    }
    characters.push_back(text.substr(start, at - start));
  }
  return characters;
}

}  // namespace

Result<bool> PyContains(const PyValue& container, const PyValue& item) {
  if (container.is_str()) {
    if (!item.is_str()) {
      return TypeError("'in <string>' requires string as left operand, not {}", item);
    }
    return container.str().find(item.str()) != std::string::npos;
  }
  if (const PyDict* dict = MappingOf(container)) {
    MR_RETURN_IF_ERROR(PyHashable(item));
    return dict->Find(item) != nullptr;
  }
  if (container.kind() == Kind::kSet) MR_RETURN_IF_ERROR(PyHashable(item));
  if (HasItems(container)) return HoldsItem(container.items(), item);
  if (!PyIterable(container)) return TypeError("argument of type '{}' is not iterable", container);
  MR_ASSIGN_OR_RETURN(const PyList items, PyIterate(container));
  return HoldsItem(items, item);
}

Result<int64_t> PyLength(const PyValue& value) {
  if (value.is_str()) return CodePointLength(value.str());
  if (value.kind() == Kind::kBytes) return static_cast<int64_t>(value.str().size());
  if (HasItems(value)) return static_cast<int64_t>(value.items().size());
  if (const PyDict* dict = MappingOf(value)) return static_cast<int64_t>(dict->size());
  if (value.is_undefined()) return int64_t{0};
  if (value.kind() == Kind::kObject) {
    if (const std::optional<int64_t> length = OpaqueOf(value).length()) return *length;
  }
  return TypeError("object of type '{}' has no len()", value);
}

bool PyIterable(const PyValue& value) {
  if (value.kind() == Kind::kObject) return OpaqueOf(value).iterable();
  return value.is_str() || value.kind() == Kind::kBytes || HasItems(value) ||
         MappingOf(value) != nullptr || value.is_undefined();
}

Result<PyList> PyIterate(const PyValue& value) {
  if (!PyIterable(value)) return TypeError("'{}' object is not iterable", value);
  if (HasItems(value)) return value.items();
  if (value.kind() == Kind::kObject) return OpaqueOf(value).TakeItems();
  PyList items;
  if (const PyDict* dict = MappingOf(value)) {
    items.reserve(dict->size());
    for (const auto& entry : *dict) items.push_back(entry.first);
  } else if (value.is_str()) {
    for (const std::string_view character : Characters(value)) items.emplace_back(character);
  } else if (value.kind() == Kind::kBytes) {
    for (const char byte : value.str()) {
      items.emplace_back(static_cast<int>(static_cast<unsigned char>(byte)));
    }
  }
  return items;
}

Result<PyValue> PySubscript(const PyValue& value, const PyValue& key) {
  if (value.is_undefined()) return UseOfUndefined(value);
  if (const PyDict* dict = MappingOf(value)) {
    MR_RETURN_IF_ERROR(PyHashable(key));
    if (const PyValue* found = dict->Find(key)) return *found;
    return PyError("KeyError", PyRepr(key));
  }
  if (value.is_str() || value.kind() == Kind::kBytes || value.is_list() || value.is_tuple()) {
    return ItemAt(value, key);
  }
  return TypeError("'{}' object is not subscriptable", value);
}

Result<PyValue> PySlice(const PyValue& value, const PyValue& start, const PyValue& stop,
                        const PyValue& step) {
  if (value.is_undefined()) return UseOfUndefined(value);
  if (value.is_str() || value.kind() == Kind::kBytes) {
    const std::vector<std::string_view> characters = Characters(value);
    MR_ASSIGN_OR_RETURN(const SliceBounds bounds,
                        BoundsOf(static_cast<int64_t>(characters.size()), start, stop, step));
    std::string text;
    for (int64_t i = 0; i < bounds.count; ++i) text += characters[bounds.start + i * bounds.step];
    return TextLike(value, std::move(text));
  }
  if (value.is_list() || value.is_tuple()) {
    MR_ASSIGN_OR_RETURN(const SliceBounds bounds,
                        BoundsOf(static_cast<int64_t>(value.items().size()), start, stop, step));
    PyList items;
    items.reserve(bounds.count);
    for (int64_t i = 0; i < bounds.count; ++i) {
      items.push_back(value.items()[bounds.start + i * bounds.step]);
    }
    return value.is_list() ? PyValue::List(std::move(items)) : PyValue::Tuple(std::move(items));
  }
  if (MappingOf(value) != nullptr) return PyError("TypeError", "unhashable type: 'slice'");
  return TypeError("'{}' object is not subscriptable", value);
}

}  // namespace millrace
