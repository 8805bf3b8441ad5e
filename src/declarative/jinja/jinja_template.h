#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "declarative/jinja/jinja_binder.h"
#include "declarative/jinja/jinja_node.h"

namespace millrace {

/// A template, read once. Const afterwards, and used by any number of threads.
class JinjaTemplate {
 public:
  /// Never fails: what is wrong with the template is told by status().
  static std::shared_ptr<const JinjaTemplate> Read(std::string_view source);

  const Status& status() const { return status_; }
  const JinjaNodes& statements() const { return statements_; }
  const JinjaBinding& binding() const { return binding_; }
  /// What a name means that the context doesn't have: a function. Null: nothing.
  const PyValue* GlobalOf(size_t name) const {
    return globals_[name].is_undefined() ? nullptr : &globals_[name];
  }
  /// The expression that is all of the template ("{{ … }}"); null when there is more or less.
  const JinjaNode* only_expression() const { return only_expression_; }

 private:
  Status status_;
  JinjaNodes statements_;
  JinjaBinding binding_;
  std::vector<PyValue> globals_;
  const JinjaNode* only_expression_ = nullptr;
};

}  // namespace millrace
