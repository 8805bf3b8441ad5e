#include "declarative/records/parent_field.h"

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_item.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/records/path_template.h"

namespace millrace {
namespace {

/// A path that names one place: nothing in it is a pattern.
Result<PyList> PlainPath(const Component& component, std::string_view field,
                         const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const PathTemplate path, PathTemplate::Make(component, field));
  if (path.empty()) return component.FieldError(field, "can't be empty");
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const auto evaluated, path.Evaluate(context));
  if (HasGlob(evaluated->segments)) {
    return component.FieldError(field, "has to name one field: *, ? and [ can't be in it");
  }
  return evaluated->segments;
}

/// Null: there is nothing at the path.
const PyValue* Lookup(const PyValue& record, const PyList& path) {
  const PyValue* value = &record;
  for (const PyValue& segment : path) {
    if (value->is_dict()) {
      value = value->Find(PyStr(segment));
    } else if (value->is_list()) {
      const auto index = PyIndexOf(segment);
      const auto size = static_cast<int64_t>(value->items().size());
      if (!index || *index < -size || *index >= size) return nullptr;
      value = &value->items()[static_cast<size_t>(*index < 0 ? *index + size : *index)];
    } else {
      return nullptr;
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

}  // namespace

Result<ParentField> ParentField::Make(const Component& component,
                                      const EngineEnvironment& environment) {
  ParentField made;
  MR_ASSIGN_OR_RETURN(made.parent_path_, PlainPath(component, "parent_path", environment));
  MR_ASSIGN_OR_RETURN(made.record_path_, PlainPath(component, "record_path", environment));
  return made;
}

Status ParentField::CopyOnto(const PyValue& parent, const PyValue& item) const {
  const PyValue* const found = Lookup(parent, parent_path_);
  const PyPath path(record_path_);
  const Status set = path.SetNew(item, found == nullptr ? PyValue() : found->DeepCopy());
  if (!IsPyError(set, "PathNotFound") && !IsPyError(set, "TypeError")) return set;
  return ConfigError(
      "a parent's field can't be written to record_path {}: the expanded item has something else "
      "than an object there",
      path.ToString());
}

}  // namespace millrace
