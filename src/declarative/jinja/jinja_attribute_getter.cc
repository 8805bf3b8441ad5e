#include "declarative/jinja/jinja_attribute_getter.h"

#include <algorithm>

#include "declarative/jinja/jinja_lookup.h"
#include "declarative/jinja/py_case.h"
#include "declarative/jinja/py_operators.h"
#include "formats/digit_run.h"

namespace millrace {

JinjaAttributeGetter::JinjaAttributeGetter(const PyValue* attribute, bool ignore_case,
                                           const PyValue* fallback)
    : ignore_case_(ignore_case), fallback_(fallback == nullptr ? PyValue() : *fallback) {
  if (attribute == nullptr || attribute->is_none()) return;
  if (!attribute->is_str()) {
    parts_.push_back(*attribute);
    return;
  }
  std::string_view path = attribute->str();
  for (bool more = true; more;) {
    const size_t dot = path.find('.');
    more = dot != path.npos;
    const std::string_view part = path.substr(0, dot);
    const bool number = !part.empty() && std::all_of(part.begin(), part.end(), IsDigit);
    parts_.push_back(number ? PyIntFromText(part) : PyValue(part));
    if (more) path.remove_prefix(dot + 1);
  }
}

Result<PyValue> JinjaAttributeGetter::Get(const PyValue& item) const {
  PyValue value = item;
  for (const PyValue& part : parts_) {
    MR_ASSIGN_OR_RETURN(value, JinjaItem(value, part));
    if (value.is_undefined() && !fallback_.is_none()) value = fallback_;
  }
  if (ignore_case_ && value.is_str()) return PyValue(PyLower(value.str()));
  return value;
}

}  // namespace millrace
