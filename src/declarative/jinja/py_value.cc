#include "declarative/jinja/py_value.h"

#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

struct PyText final : PyObject {
  explicit PyText(std::string text, bool markup = false) : text(std::move(text)), markup(markup) {}
  const std::string text;
  const bool markup;
};

struct PyItems final : PyObject {
  explicit PyItems(PyList items) : items(std::move(items)) {}
  PyList items;
  int line = 0;
};

struct PyDictObject final : PyObject {
  explicit PyDictObject(PyDict dict) : dict(std::move(dict)) {}
  PyDict dict;
  int line = 0;
};

}  // namespace

PyValue::PyValue(std::string text) : kind_(Kind::kStr), object_(new PyText(std::move(text))) {}
PyValue::PyValue(PyDict dict) : kind_(Kind::kDict), object_(new PyDictObject(std::move(dict))) {}

PyValue PyValue::Markup(std::string text) {
  return Of(Kind::kStr, new PyText(std::move(text), /*markup=*/true));
}
bool PyValue::is_markup() const { return is_str() && static_cast<const PyText*>(object_)->markup; }

void PyValue::Destroy(PyObject* object) noexcept {
  constexpr int kNestedMax = 50;
  thread_local int nested = 0;
  thread_local std::vector<PyObject*> later;  // of what is nested deeper
  if (nested == kNestedMax) {
    later.push_back(object);
    return;
  }
  ++nested;
  delete object;
  --nested;
  while (nested == 0 && !later.empty()) {
    PyObject* next = later.back();
    later.pop_back();
    ++nested;
    delete next;
    --nested;
  }
}

PyValue PyValue::Bytes(std::string bytes) { return Of(Kind::kBytes, new PyText(std::move(bytes))); }
PyValue PyValue::List(PyList items) { return Of(Kind::kList, new PyItems(std::move(items))); }
PyValue PyValue::Tuple(PyList items) { return Of(Kind::kTuple, new PyItems(std::move(items))); }
PyValue PyValue::Set(PyList items) { return Of(Kind::kSet, new PyItems(std::move(items))); }

const std::string& PyValue::str() const { return static_cast<const PyText*>(object_)->text; }
const PyList& PyValue::items() const { return static_cast<const PyItems*>(object_)->items; }
PyList& PyValue::mutable_items() const { return static_cast<PyItems*>(object_)->items; }
const PyDict& PyValue::dict() const { return static_cast<const PyDictObject*>(object_)->dict; }
PyDict& PyValue::mutable_dict() const { return static_cast<PyDictObject*>(object_)->dict; }

const PyValue* PyValue::Find(std::string_view key) const {
  return is_dict() ? dict().Find(key) : nullptr;
}

PyValue PyValue::DeepCopy() const {
  if (is_list() || is_tuple()) {
    PyList copies;
    copies.reserve(items().size());
    for (const PyValue& item : items()) copies.push_back(item.DeepCopy());
    PyValue copy = is_list() ? List(std::move(copies)) : Tuple(std::move(copies));
    copy.set_line(line());
    return copy;
  }
  if (!is_dict()) return *this;
  PyDict copies;
  copies.Reserve(dict().size());
  for (const auto& [key, value] : dict()) copies.Append(key, value.DeepCopy());
  PyValue copy(std::move(copies));
  copy.set_line(line());
  return copy;
}

int PyValue::line() const {
  if (is_list() || is_tuple()) return static_cast<const PyItems*>(object_)->line;
  return is_dict() ? static_cast<const PyDictObject*>(object_)->line : 0;
}

void PyValue::set_line(int line) const {
  if (is_list() || is_tuple()) static_cast<PyItems*>(object_)->line = line;
  if (is_dict()) static_cast<PyDictObject*>(object_)->line = line;
}

const PyValue* PyDict::Find(std::string_view key) const {
  for (const auto& [name, value] : entries_) {
    if (name.is_str() && name.str() == key) return &value;
  }
  return nullptr;
}

const PyValue* PyDict::Find(const PyValue& key) const {
  if (key.is_str()) return Find(std::string_view(key.str()));
  for (const auto& [name, value] : entries_) {
    if (name.Is(key) || PyEqual(name, key)) return &value;
  }
  return nullptr;
}

void PyDict::Set(std::string_view key, PyValue value) {
  if (PyValue* there = Find(key)) {
    *there = std::move(value);
  } else {
    entries_.emplace_back(PyValue(key), std::move(value));
  }
}

void PyDict::Set(PyValue key, PyValue value) {
  if (const PyValue* there = Find(key)) {
    *const_cast<PyValue*>(there) = std::move(value);
  } else {
    entries_.emplace_back(std::move(key), std::move(value));
  }
}

bool PyDict::Erase(std::string_view key) { return Erase(PyValue(key)); }

bool PyDict::Erase(const PyValue& key) {
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (!entry->first.Is(key) && !PyEqual(entry->first, key)) continue;
    entries_.erase(entry);
    return true;
  }
  return false;
}

}  // namespace millrace
