#include "declarative/jinja/jinja_namespace.h"

#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

/// What dict(argument) holds: a copy of a mapping, or of pairs.
Result<PyDict> DictFrom(const PyValue& argument) {
  if (const PyDict* dict = MappingOf(argument)) return *dict;
  PyDict members;
  MR_ASSIGN_OR_RETURN(const PyList pairs, PyIterate(argument));
  for (const PyValue& pair : pairs) {
    MR_ASSIGN_OR_RETURN(PyList items, PyIterate(pair));
    if (items.size() != 2) {
      return PyError("ValueError", "dictionary update sequence element: length 2 is required");
    }
    MR_RETURN_IF_ERROR(PyHashable(items[0]));
    members.Set(std::move(items[0]), std::move(items[1]));
  }
  return members;
}

}  // namespace

std::string JinjaNamespace::Repr() const { return fmt::format("<Namespace {}>", PyRepr(members_)); }

PyValue JinjaNamespace::Attribute(std::string_view name) const {
  const PyValue* member = members_.Find(name);
  return member == nullptr ? PyValue::Undefined() : *member;
}

bool JinjaNamespace::SetAttribute(std::string_view name, PyValue value) const {
  members_.mutable_dict().Set(name, std::move(value));
  return true;
}

Result<PyValue> MakeJinjaNamespace(EvaluationBudget& budget, const PyArguments& arguments) {
  PyDict members;
  if (arguments.positional.size() > 1) {
    return PyError("TypeError", "namespace expected at most 1 argument");
  }
  if (!arguments.positional.empty()) {
    MR_ASSIGN_OR_RETURN(members, DictFrom(arguments.positional[0]));
  }
  for (const auto& [name, value] : arguments.named) members.Set(std::string_view(name), value);
  MR_RETURN_IF_ERROR(budget.ChargeBytes(static_cast<int64_t>(members.size() * 32)));
  return PyValue::Of(PyValue::Kind::kObject, new JinjaNamespace(PyValue(std::move(members))));
}

}  // namespace millrace
