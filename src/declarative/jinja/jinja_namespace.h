#pragma once

#include <string_view>
#include <utility>

#include "declarative/jinja/py_opaque.h"

namespace millrace {

/// What `namespace()` gives: members that `{% set ns.x = … %}` changes, from within loops as well.
class JinjaNamespace final : public PyOpaque {
 public:
  explicit JinjaNamespace(PyValue members) : members_(std::move(members)) {}
  std::string_view type_name() const override { return "Namespace"; }
  std::string Repr() const override;
  PyValue Attribute(std::string_view name) const override;
  bool SetAttribute(std::string_view name, PyValue value) const override;
  void Forget() const override { members_.mutable_dict().Clear(); }

 private:
  const PyValue members_;
};

/// namespace(…): the arguments are those of dict().
Result<PyValue> MakeJinjaNamespace(EvaluationBudget& budget, const PyArguments& arguments);

}  // namespace millrace
