// The fields of a component that are templates: apart from component.cc because they need the
// template language.
#include "declarative/jinja/py_operators.h"
#include "declarative/manifest/component.h"

namespace millrace {

Result<InterpolatedString> Component::Template(std::string_view name,
                                               std::string_view missing) const {
  const PyValue* field = Field(name);
  if (field == nullptr) return InterpolatedString(std::string(missing), parameters_);
  if (!field->is_str() && !field->is_bool() && !field->is_int() && !field->is_float() &&
      field->kind() != PyValue::Kind::kBigInt) {
    return WrongKind(name, "text");
  }
  return InterpolatedString(PyStr(*field), parameters_);
}

Result<InterpolatedBoolean> Component::Condition(std::string_view name) const {
  const PyValue* field = Field(name);
  if (field == nullptr) return InterpolatedBoolean(PyValue(false), parameters_);
  if (!field->is_str() && !field->is_bool()) return WrongKind(name, "a condition");
  return InterpolatedBoolean(*field, parameters_);
}

}  // namespace millrace
