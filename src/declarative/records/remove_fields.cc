#include <string>
#include <utility>
#include <vector>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_path.h"
#include "declarative/records/transformations.h"

namespace millrace {
namespace {

class RemoveFields final : public RecordTransformation {
 public:
  RemoveFields(std::vector<PyPath> pointers, std::optional<InterpolatedBoolean> condition)
      : pointers_(std::move(pointers)), condition_(std::move(condition)) {}

  Status Transform(const PyValue& record, RecordContext& context) const override {
    const auto selected = [&](const PyValue& leaf) {
      return condition_->Evaluate(context.ForProperty(leaf));
    };
    for (const PyPath& pointer : pointers_) {
      // A condition doesn't ask the pointer, but one that is no path is an error all the same.
      if (condition_) MR_RETURN_IF_ERROR(pointer.Values(PyValue(PyDict())).status());
      const Result<int64_t> removed =
          condition_ ? PyPath::DeleteLeaves(record, selected) : pointer.Delete(record);
      // What isn't there is removed already.
      if (!removed.ok() && !IsPyError(removed.status(), "PathNotFound")) return removed.status();
    }
    return Status::Ok();
  }

 private:
  const std::vector<PyPath> pointers_;
  const std::optional<InterpolatedBoolean> condition_;
};

}  // namespace

Result<std::unique_ptr<const RecordTransformation>> MakeRemoveFields(const Component& component,
                                                                     const EngineEnvironment&) {
  const PyValue* const given = component.Field("field_pointers");
  if (given == nullptr || !given->is_list()) {
    return component.FieldError("field_pointers", "has to be a list of paths");
  }
  std::vector<PyPath> pointers;
  for (const PyValue& pointer : given->items()) {
    if (!pointer.is_list()) {
      return component.FieldError("field_pointers", "has something in it that is no path");
    }
    pointers.emplace_back(pointer.items());
  }
  std::optional<InterpolatedBoolean> condition;
  MR_ASSIGN_OR_RETURN(const std::string text, component.TextOr("condition", ""));
  // No parameters: the CDK hands none on.
  if (!text.empty()) condition.emplace(PyValue(text), PyValue(PyDict()));
  return std::make_unique<RemoveFields>(std::move(pointers), std::move(condition));
}

}  // namespace millrace
