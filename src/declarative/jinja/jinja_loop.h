#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "declarative/jinja/py_opaque.h"

namespace millrace {

/// A `for` loop on its way through its items: what `loop` is in its body.
class JinjaLoop final : public PyOpaque {
 public:
  using Test = std::function<Result<bool>(const PyValue& item)>;
  using Recurse = std::function<Result<PyValue>(const PyValue& iterable)>;

  /// `test` (may be empty) tells which items count; asked as late as can be. `recurse` (may be
  /// empty) runs the loop's body over other items.
  JinjaLoop(PyList items, Test test, Recurse recurse, int depth0)
      : items_(std::move(items)),
        test_(std::move(test)),
        recurse_(std::move(recurse)),
        depth0_(depth0) {}

  /// Goes on to the next item; false: there is none. Fails if the test does.
  Result<bool> Advance();
  const PyValue& item() const { return current_; }
  /// The loop is over: nothing is to be asked or run any more.
  void End();

  std::string_view type_name() const override { return "LoopContext"; }
  std::string Repr() const override;
  PyValue Attribute(std::string_view name) const override;
  bool callable() const override { return true; }
  Result<PyValue> Call(EvaluationBudget& budget, const PyArguments& arguments) const override;
  std::optional<int64_t> length() const override { return Length(); }

  /// loop.cycle(…) and loop.changed(…), with the loop as the first argument.
  static Result<PyValue> Cycle(EvaluationBudget& budget, const PyArguments& arguments);
  static Result<PyValue> Changed(EvaluationBudget& budget, const PyArguments& arguments);

 private:
  /// The item after the current one, looked for once; null: there is none.
  const PyValue* Peek() const;
  int64_t Length() const;

  // Looking ahead is what asking a loop for its members does: hence mutable.
  mutable PyList items_;
  mutable size_t next_ = 0;
  mutable std::optional<PyValue> ahead_;
  mutable Status failure_;  // of looking ahead: told by Advance()
  mutable std::optional<PyValue> last_changed_;
  mutable Test test_;
  Recurse recurse_;
  const int depth0_;
  int64_t index0_ = -1;
  PyValue current_ = PyValue::Undefined(), before_ = PyValue::Undefined();
};

}  // namespace millrace
