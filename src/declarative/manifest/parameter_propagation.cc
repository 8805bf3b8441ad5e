#include "declarative/manifest/parameter_propagation.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "declarative/jinja/py_operators.h"
#include "declarative/manifest/default_types.h"
#include "declarative/manifest/value_kind.h"

namespace millrace {
namespace {

constexpr std::string_view kParameters = "$parameters";
constexpr int kDepthMax = 400;

/// Component types are text: "object", a list or a dict under `type` are a JSON schema's.
bool IsJsonSchema(const PyDict& component) {
  const PyValue* type = component.Find(std::string_view("type"));
  return type != nullptr &&
         (type->is_list() || type->is_dict() || (type->is_str() && type->str() == "object"));
}

bool HasType(const PyValue& value) {
  const PyValue* type = value.Find("type");
  return type != nullptr && PyTruthy(*type);
}

void AddMissingType(PyDict* component, std::string_view place) {
  if (component->Contains(std::string_view("type"))) return;
  const std::string_view type = component->Contains(std::string_view("class_name"))
                                    ? CustomTypeOf(place)
                                    : DefaultTypeOf(place);
  if (!type.empty()) component->Set(std::string_view("type"), PyValue(type));
}

class Propagation {
 public:
  explicit Propagation(ParameterPrecedence precedence) : precedence_(precedence) {}

  Result<PyValue> Component(const PyValue& source, std::string_view place,  // NOLINT
                            const PyDict& from_above) {
    if (depth_ >= kDepthMax) {
      return ConfigError("line {}: nested more than {} deep", source.line(), kDepthMax);
    }
    ++depth_;
    Result<PyValue> made = MakeComponent(source, place, from_above);
    --depth_;
    if (made.ok()) made->set_line(source.line());
    return made;
  }

 private:
  Result<PyValue> MakeComponent(const PyValue& source, std::string_view place,  // NOLINT
                                const PyDict& from_above) {
    PyDict component = source.dict();
    AddMissingType(&component, place);
    MR_ASSIGN_OR_RETURN(PyDict parameters, Combine(source, from_above));
    component.Erase(kParameters);
    if (IsJsonSchema(component)) return PyValue(std::move(component));
    if (!component.Contains(std::string_view("type"))) {
      for (auto& [name, value] : component) {
        if (!value.is_dict() || !HasType(value)) continue;
        MR_ASSIGN_OR_RETURN(value, Component(value, place, parameters));
      }
      return PyValue(std::move(component));
    }
    for (const auto& [name, value] : parameters) {
      const PyValue* field = component.Find(name);
      if (field == nullptr || !PyTruthy(*field)) component.Set(name, value);
    }
    const std::string type = PyStr(*component.Find(std::string_view("type")));
    for (auto& [name, value] : component) {
      if (!value.is_dict() && !value.is_list()) continue;
      MR_RETURN_IF_ERROR(Field(fmt::format("{}.{}", type, PyStr(name)), name, &value, &parameters));
    }
    if (!parameters.empty()) component.Set(kParameters, PyValue(std::move(parameters)));
    return PyValue(std::move(component));
  }

  /// What is set here and above, together. A key that both set stands where the first has it.
  Result<PyDict> Combine(const PyValue& source, const PyDict& from_above) const {
    const PyValue* own = source.Find(kParameters);
    if (own == nullptr) return from_above;
    if (!own->is_dict()) {
      return ConfigError("line {}: $parameters must be a mapping, not {}", source.line(),
                         ValueKind(*own));
    }
    const bool parents_win = precedence_ == ParameterPrecedence::kParent;
    PyDict combined = parents_win ? own->dict() : from_above;
    for (const auto& [name, value] : parents_win ? from_above : own->dict()) {
      combined.Set(name, value);
    }
    return combined;
  }

  /// What stands in a field. The parameter of the field's own name isn't handed on: it would go
  /// round in circles. It comes back at the end, unless it is falsy.
  Status Field(const std::string& place, const PyValue& name, PyValue* value,  // NOLINT
               PyDict* parameters) {
    const PyValue* found = parameters->Find(name);
    PyValue excluded = found == nullptr ? PyValue() : *found;
    if (found != nullptr) parameters->Erase(name);
    if (value->is_dict()) {
      MR_ASSIGN_OR_RETURN(*value, Component(*value, place, *parameters));
    } else {
      PyList items = value->items();
      for (PyValue& item : items) {
        if (!item.is_dict()) continue;
        MR_ASSIGN_OR_RETURN(item, Component(item, place, *parameters));
      }
      PyValue list = PyValue::List(std::move(items));
      list.set_line(value->line());
      // A list that the parameter gave is one and the same in both places.
      if (excluded.Is(*value)) excluded = list;
      *value = std::move(list);
    }
    if (PyTruthy(excluded)) parameters->Set(name, std::move(excluded));
    return Status::Ok();
  }

  const ParameterPrecedence precedence_;
  int depth_ = 0;
};

}  // namespace

Result<PyValue> PropagateParameters(const PyValue& component, std::string_view place,
                                    const PyValue& parameters, ParameterPrecedence precedence) {
  return Propagation(precedence).Component(component, place, parameters.dict());
}

}  // namespace millrace
