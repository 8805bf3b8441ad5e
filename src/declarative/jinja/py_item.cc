#include "declarative/jinja/py_item.h"

#include <fmt/format.h>

#include <limits>
#include <string>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

/// int(text); none when that fails or doesn't fit.
std::optional<int64_t> IndexOfText(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\v\f";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  if (text.empty() || text.size() > 18 || text.front() == '_' || text.back() == '_') {
    return std::nullopt;
  }
  int64_t number = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && text[i - 1] != '_') continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  return negative ? -number : number;
}

}  // namespace

bool IsPySequence(const PyValue& value) { return value.is_list() || value.is_tuple(); }
bool IsPathLeaf(const PyValue& value) {
  return value.kind() < PyValue::Kind::kList && !value.is_undefined();
}

std::optional<int64_t> PyIndexOf(const PyValue& segment) {
  if (segment.is_str()) return IndexOfText(segment.str());
  if (segment.is_int() || segment.is_bool()) return segment.as_int();
  if (segment.is_float() && segment.as_float() > -1e15 && segment.as_float() < 1e15) {
    return static_cast<int64_t>(segment.as_float());
  }
  return std::nullopt;
}

bool IsPyDecimal(const PyValue& segment) {
  return segment.is_str() && !segment.str().empty() &&
         segment.str().find_first_not_of("0123456789") == std::string::npos;
}

PyValue AsPyIndex(const PyValue& container, const PyValue& key) {
  if (!IsPySequence(container) || !IsPyDecimal(key)) return key;
  const std::optional<int64_t> index = PyIndexOf(key);
  return PyValue(index.value_or(std::numeric_limits<int64_t>::max()));
}

const PyValue* PyItemOf(const PyValue& container, const PyValue& key) {
  if (container.is_dict()) return container.dict().Find(key);
  if (!IsPySequence(container) || !(key.is_int() || key.is_bool())) return nullptr;
  const auto length = static_cast<int64_t>(container.items().size());
  const int64_t index = key.as_int() < 0 ? key.as_int() + length : key.as_int();
  return index < 0 || index >= length ? nullptr : &container.items()[index];
}

Status SetPyItem(const PyValue& container, const PyValue& key, const PyValue& value) {
  if (container.is_dict()) {
    MR_RETURN_IF_ERROR(PyHashable(key));
    container.mutable_dict().Set(key, value);
    return Status::Ok();
  }
  if (!container.is_list()) {
    return PyError("TypeError", fmt::format("'{}' object does not support item assignment",
                                            PyTypeName(container)));
  }
  if (!key.is_int() && !key.is_bool()) {
    return PyError("TypeError",
                   fmt::format("list indices must be integers or slices, not {}", PyTypeName(key)));
  }
  const PyValue* item = PyItemOf(container, key);
  if (item == nullptr) return PyError("IndexError", "list assignment index out of range");
  *const_cast<PyValue*>(item) = value;
  return Status::Ok();
}

/// A path such as a/999999999999 must not take all memory.
Status ExtendPyList(const PyValue& list, int64_t index) {
  constexpr int64_t kItemsMax = 1'000'000;
  if (index >= kItemsMax) {
    return PyError("MemoryError", fmt::format("a list of {} items is too long", index + 1));
  }
  if (index >= static_cast<int64_t>(list.items().size())) list.mutable_items().resize(index + 1);
  return Status::Ok();
}

}  // namespace millrace
