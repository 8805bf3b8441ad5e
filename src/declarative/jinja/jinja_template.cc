#include "declarative/jinja/jinja_template.h"

#include "declarative/jinja/jinja_namespace.h"
#include "declarative/jinja/jinja_parser.h"
#include "declarative/jinja/py_opaque.h"

namespace millrace {

std::shared_ptr<const JinjaTemplate> JinjaTemplate::Read(std::string_view source) {
  auto read = std::make_shared<JinjaTemplate>();
  Result<JinjaNodes> statements = ParseJinja(source);
  if (!statements.ok()) {
    read->status_ = statements.status();
    return read;
  }
  read->statements_ = std::move(*statements);
  Result<JinjaBinding> binding = BindJinja(read->statements_);
  if (!binding.ok()) {
    read->status_ = binding.status();
    return read;
  }
  read->binding_ = std::move(*binding);
  for (const std::string& name : read->binding_.names) {
    const PyFunction function = name == "namespace" ? &MakeJinjaNamespace : FindJinjaGlobal(name);
    read->globals_.push_back(function == nullptr ? PyValue::Undefined()
                                                 : PyFunctionValue(function, name));
  }
  if (read->statements_.size() == 1) {
    const JinjaNode& only = *read->statements_[0];
    const bool one = only.kind == JinjaNode::Kind::kOutput && only.children.size() == 1;
    if (one && only.children[0]->kind != JinjaNode::Kind::kText) {
      read->only_expression_ = only.children[0].get();
    }
  }
  return read;
}

}  // namespace millrace
