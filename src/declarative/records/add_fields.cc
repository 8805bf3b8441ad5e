#include <string>
#include <utility>
#include <vector>

#include "declarative/jinja/py_path.h"
#include "declarative/records/transformations.h"

namespace millrace {
namespace {

struct AddedField {
  PyPath path;
  PyValue segments;  // the path as templates see it
  InterpolatedString value;
  LiteralTypes types = LiteralTypes::kAny;
};

class AddFields final : public RecordTransformation {
 public:
  AddFields(std::vector<AddedField> fields, std::optional<InterpolatedBoolean> condition)
      : fields_(std::move(fields)), condition_(std::move(condition)) {}

  Status Transform(const PyValue& record, RecordContext& context) const override {
    for (const AddedField& field : fields_) {
      MR_ASSIGN_OR_RETURN(PyValue value,
                          field.value.Evaluate(context.ForTransformation(), field.types));
      if (condition_) {
        MR_ASSIGN_OR_RETURN(const bool wanted,
                            condition_->Evaluate(context.ForCondition(value, field.segments)));
        if (!wanted) continue;
      }
      // What a template gave is the record's alone.
      if (value.is_list() || value.is_dict()) value = value.DeepCopy();
      if (field.path.size() == 1 && record.is_dict()) {
        record.mutable_dict().Set(field.segments.items()[0], std::move(value));
      } else {
        MR_RETURN_IF_ERROR(field.path.SetNew(record, value));
      }
    }
    return Status::Ok();
  }

 private:
  const std::vector<AddedField> fields_;
  const std::optional<InterpolatedBoolean> condition_;
};

struct ValueType {
  std::string_view name;
  LiteralTypes types;
};

constexpr ValueType kValueTypes[] = {
    {"string", LiteralTypes::kStr},
    {"number", LiteralTypes::kNumber},
    {"integer", LiteralTypes::kInteger},
    {"boolean", LiteralTypes::kBoolean},
};

Result<LiteralTypes> TypesOf(const Component& field) {
  MR_ASSIGN_OR_RETURN(const std::string name, field.TextOr("value_type", ""));
  if (name.empty()) return LiteralTypes::kAny;
  for (const ValueType& type : kValueTypes) {
    if (type.name == name) return type.types;
  }
  return field.FieldError("value_type", "is string, number, integer or boolean");
}

}  // namespace

Result<std::unique_ptr<const RecordTransformation>> MakeAddFields(const Component& component,
                                                                  const EngineEnvironment&) {
  MR_ASSIGN_OR_RETURN(const std::vector<Component> children, component.Children("fields"));
  std::vector<AddedField> fields;
  for (const Component& child : children) {
    AddedField field;
    MR_ASSIGN_OR_RETURN(const std::vector<std::string> path, child.TextList("path"));
    if (path.empty()) return child.FieldError("path", "can't be empty");
    field.path = PyPath(path);
    field.segments = PyValue::List(PyList(path.begin(), path.end()));
    if (!child.Has("value")) return child.FieldError("value", "is missing");
    MR_ASSIGN_OR_RETURN(field.value, child.Template("value"));
    MR_ASSIGN_OR_RETURN(field.types, TypesOf(child));
    fields.push_back(std::move(field));
  }
  std::optional<InterpolatedBoolean> condition;
  MR_ASSIGN_OR_RETURN(const std::string text, component.TextOr("condition", ""));
  if (!text.empty()) condition.emplace(PyValue(text), component.parameters());
  return std::make_unique<AddFields>(std::move(fields), std::move(condition));
}

}  // namespace millrace
