#include "declarative/records/schema_type_identifier.h"

#include <fmt/format.h>

#include <utility>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/records/airbyte_types.h"

namespace millrace {
namespace {

/// Arrays of arrays of …: more is no type.
constexpr int kDepthMax = 64;

Result<PyValue> At(const PathTemplate& pointer, const PyValue& value, const PyValue& missing,
                   const EngineEnvironment& environment) {
  if (pointer.empty()) return value;
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const auto path, pointer.Evaluate(context));
  return path->path.Get(value, missing);
}

Result<PyValue> SchemaOf(const PyValue& name) {
  if (name.is_str()) {
    if (std::optional<PyValue> schema = AirbyteTypeSchema(name.str())) return *std::move(schema);
  }
  return PyError("ValueError", "Invalid Airbyte data type: " + PyStr(name));
}

/// ComplexFieldType: an array and what is in it.
Result<PyValue> SchemaOfComplex(const PyValue& type, int depth = 0) {  // NOLINT: bounded
  const PyValue* const name = type.Find("field_type");
  const PyValue* const items = type.Find("items");
  if (name == nullptr) return PyError("ValueError", "a ComplexFieldType has no field_type");
  MR_ASSIGN_OR_RETURN(PyValue schema, SchemaOf(*name));
  if (items == nullptr || !PyTruthy(*items)) return schema;
  if (depth > kDepthMax) return PyError("RecursionError", "arrays nested too deeply");
  MR_ASSIGN_OR_RETURN(PyValue within,
                      items->is_dict() ? SchemaOfComplex(*items, depth + 1) : SchemaOf(*items));
  schema.mutable_dict().Set(std::string_view("items"), std::move(within));
  return schema;
}

/// Whether only arrays say what is in them.
bool OnlyArraysHaveItems(const PyValue& type, int depth = 0) {  // NOLINT: bounded
  const PyValue* const name = type.Find("field_type");
  const PyValue* const items = type.Find("items");
  if (items == nullptr || !PyTruthy(*items)) return true;
  if (depth > kDepthMax || name == nullptr || !name->is_str() || name->str() != "array") {
    return false;
  }
  return OnlyArraysHaveItems(*items, depth + 1);
}

}  // namespace

Result<SchemaTypeIdentifier> SchemaTypeIdentifier::Make(const Component& component) {
  SchemaTypeIdentifier made;
  MR_ASSIGN_OR_RETURN(made.schema_, PathTemplate::Make(component, "schema_pointer"));
  MR_ASSIGN_OR_RETURN(made.key_, PathTemplate::Make(component, "key_pointer"));
  MR_ASSIGN_OR_RETURN(made.type_, PathTemplate::Make(component, "type_pointer"));
  const PyValue* const mapping = component.Field("types_mapping");
  if (mapping == nullptr) return made;
  if (!mapping->is_list()) return component.FieldError("types_mapping", "has to be a list");
  for (const PyValue& each : mapping->items()) {
    const PyValue *const current = each.Find("current_type"), *const target =
                                                                  each.Find("target_type");
    if (current == nullptr || target == nullptr) {
      return component.FieldError("types_mapping", "needs current_type and target_type");
    }
    if (!OnlyArraysHaveItems(*target)) {
      return component.FieldError("types_mapping", "has items of a type that is no array");
    }
    const PyValue* const condition = each.Find("condition");
    const bool given = condition != nullptr && !condition->is_none();
    made.types_.push_back(
        {*current, *target,
         InterpolatedBoolean(given ? *condition : PyValue("True"), PyValue(PyDict()))});
  }
  return made;
}

Result<PyValue> SchemaTypeIdentifier::Properties(const PyValue& record,
                                                 const EngineEnvironment& environment) const {
  PyDict properties;
  PyValue fields = PyValue::List();
  if (PyTruthy(record)) {
    MR_ASSIGN_OR_RETURN(fields, At(schema_, record, PyValue(), environment));
  }
  MR_ASSIGN_OR_RETURN(const PyList all, PyIterate(fields));
  for (const PyValue& field : all) {
    MR_ASSIGN_OR_RETURN(const PyValue key, At(key_, field, PyValue(), environment));
    if (!key.is_str()) {
      return PyError("ValueError", "Expected key to be a string. Got " + PyStr(key));
    }
    MR_ASSIGN_OR_RETURN(PyValue type, TypeOf(field, environment));
    properties.Set(key, std::move(type));
  }
  return PyValue(std::move(properties));
}

Result<PyValue> SchemaTypeIdentifier::TypeOf(const PyValue& field,
                                             const EngineEnvironment& environment) const {
  PyValue given("string");
  if (!type_.empty()) {
    MR_ASSIGN_OR_RETURN(given, At(type_, field, PyValue("string"), environment));
  }
  MR_ASSIGN_OR_RETURN(const PyValue type, Mapped(given, field, environment));
  if (type.is_str()) return SchemaOf(type);
  if (type.is_list() && type.items().size() == 2 && type.items()[0].is_str() &&
      type.items()[1].is_str()) {
    MR_ASSIGN_OR_RETURN(PyValue first, SchemaOf(type.items()[0]));
    MR_ASSIGN_OR_RETURN(PyValue second, SchemaOf(type.items()[1]));
    return PyValue(PyDict{{"oneOf", PyValue::List({std::move(first), std::move(second)})}});
  }
  if (type.is_dict() && type.Find("field_type") != nullptr && !type.Is(given)) {
    return SchemaOfComplex(type);
  }
  return PyError("ValueError", fmt::format("Invalid data type. Available string or two items list "
                                           "of string. Got {}.",
                                           PyStr(type)));
}

Result<PyValue> SchemaTypeIdentifier::Mapped(const PyValue& type, const PyValue& field,
                                             const EngineEnvironment& environment) const {
  for (const TypesMap& each : types_) {
    InterpolationContext context(*environment.clock, environment.config);
    context.Set("raw_schema", field);
    MR_ASSIGN_OR_RETURN(const bool holds, each.condition.Evaluate(context));
    if (holds && PyEqual(type, each.current)) return each.target;
  }
  return type;
}

}  // namespace millrace
