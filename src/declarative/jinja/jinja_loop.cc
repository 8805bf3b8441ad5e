#include "declarative/jinja/jinja_loop.h"

#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {

const PyValue* JinjaLoop::Peek() const {
  while (!ahead_ && next_ < items_.size() && failure_.ok()) {
    PyValue item = items_[next_++];
    if (test_) {
      const Result<bool> passes = test_(item);
      if (!passes.ok()) failure_ = passes.status();
      if (!passes.ok() || !*passes) continue;
    }
    ahead_ = std::move(item);
  }
  return ahead_ ? &*ahead_ : nullptr;
}

Result<bool> JinjaLoop::Advance() {
  const bool more = Peek() != nullptr;
  MR_RETURN_IF_ERROR(failure_);
  if (!more) return false;
  before_ = std::move(current_);
  current_ = std::move(*ahead_);
  ahead_.reset();
  ++index0_;
  return true;
}

void JinjaLoop::End() {
  items_.clear();
  test_ = nullptr;
  recurse_ = nullptr;
}

int64_t JinjaLoop::Length() const {
  if (test_) {  // only looking at all of them tells how many pass
    PyList passed(static_cast<size_t>(index0_ + 1));
    while (Peek() != nullptr) {
      passed.push_back(std::move(*ahead_));
      ahead_.reset();
    }
    next_ = static_cast<size_t>(index0_ + 1);
    items_ = std::move(passed);
    test_ = nullptr;
  }
  return static_cast<int64_t>(items_.size());
}

std::string JinjaLoop::Repr() const {
  return fmt::format("<LoopContext {}/{}>", index0_ + 1, Length());
}

PyValue JinjaLoop::Attribute(std::string_view name) const {
  if (name == "index") return PyValue(index0_ + 1);
  if (name == "index0") return PyValue(index0_);
  if (name == "first") return PyValue(index0_ == 0);
  if (name == "last") return PyValue(Peek() == nullptr);
  if (name == "length") return PyValue(Length());
  if (name == "revindex") return PyValue(Length() - index0_);
  if (name == "revindex0") return PyValue(Length() - index0_ - 1);
  if (name == "depth") return PyValue(depth0_ + 1);
  if (name == "depth0") return PyValue(depth0_);
  if (name == "previtem") return index0_ == 0 ? PyValue::Undefined() : before_;
  if (name == "nextitem") return Peek() == nullptr ? PyValue::Undefined() : *ahead_;
  return PyValue::Undefined();
}

Result<PyValue> JinjaLoop::Call(EvaluationBudget&, const PyArguments& arguments) const {
  if (!recurse_) {
    return PyError("TypeError",
                   "The loop must have the 'recursive' marker to be called recursively.");
  }
  const PyValue* iterable = arguments.Get(0, "iterable");
  if (iterable == nullptr || arguments.positional.size() + arguments.named.size() != 1) {
    return PyError("TypeError", "a loop is called with one iterable");
  }
  return recurse_(*iterable);
}

Result<PyValue> JinjaLoop::Cycle(EvaluationBudget&, const PyArguments& arguments) {
  const auto& loop = static_cast<const JinjaLoop&>(OpaqueOf(arguments.positional[0]));
  const size_t count = arguments.positional.size() - 1;
  if (count == 0 || !arguments.named.empty()) {
    return PyError("TypeError", "no items for cycling given");
  }
  return arguments.positional[1 + static_cast<size_t>(loop.index0_) % count];
}

Result<PyValue> JinjaLoop::Changed(EvaluationBudget&, const PyArguments& arguments) {
  const auto& loop = static_cast<const JinjaLoop&>(OpaqueOf(arguments.positional[0]));
  PyValue now =
      PyValue::Tuple(PyList(arguments.positional.begin() + 1, arguments.positional.end()));
  if (loop.last_changed_ && PyEqual(*loop.last_changed_, now)) return PyValue(false);
  loop.last_changed_ = std::move(now);
  return PyValue(true);
}

}  // namespace millrace
