#include <memory>
#include <utility>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_hash.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_pairs.h"

namespace millrace {
namespace {

Result<PyValue> Dict(EvaluationBudget& budget, const PyArguments& arguments) {
  if (arguments.positional.size() > 1) {
    return PyError("TypeError", "dict expected at most 1 argument");
  }
  std::vector<PyDict::Entry> members;
  if (!arguments.positional.empty()) {
    MR_ASSIGN_OR_RETURN(members, PyPairsOf(arguments.positional[0]));
  }
  for (const auto& [name, value] : arguments.named) members.emplace_back(PyValue(name), value);
  MR_RETURN_IF_ERROR(ChargeItems(budget, 2 * members.size()));
  MR_ASSIGN_OR_RETURN(PyDict dict, PyDictOf(std::move(members)));
  return PyValue(std::move(dict));
}

/// What a cycler and its methods share.
struct CyclerState {
  const PyList items;
  size_t place = 0;
};

/// cycler.next or cycler.reset.
class CyclerMethodObject final : public PyOpaque {
 public:
  CyclerMethodObject(std::shared_ptr<CyclerState> state, bool next)
      : state_(std::move(state)), next_(next) {}
  std::string_view type_name() const override { return "method"; }
  bool callable() const override { return true; }
  Result<PyValue> Call(EvaluationBudget&, const PyArguments& arguments) const override {
    MR_RETURN_IF_ERROR(PyBoundArguments::Bind("next", arguments, {}, 0).status());
    const size_t place = state_->place;
    state_->place = next_ ? (place + 1) % state_->items.size() : 0;
    return next_ ? state_->items[place] : PyValue();
  }

 private:
  const std::shared_ptr<CyclerState> state_;
  const bool next_;
};

/// Gives its items one by one, over and over.
class CyclerObject final : public PyOpaque {
 public:
  explicit CyclerObject(PyList items)
      : state_(std::make_shared<CyclerState>(CyclerState{std::move(items)})) {}
  std::string_view type_name() const override { return "Cycler"; }
  PyValue Attribute(std::string_view name) const override {
    if (name == "current") return state_->items[state_->place];
    if (name == "items") return PyValue::Tuple(state_->items);
    if (name == "pos") return PyValue(static_cast<int64_t>(state_->place));
    if (name != "next" && name != "reset") return PyValue::Undefined();
    return PyValue::Of(PyValue::Kind::kObject, new CyclerMethodObject(state_, name == "next"));
  }

 private:
  const std::shared_ptr<CyclerState> state_;
};

Result<PyValue> Cycler(EvaluationBudget&, const PyArguments& arguments) {
  if (!arguments.named.empty()) {
    return PyError("TypeError", "cycler takes no keyword arguments");
  }
  if (arguments.positional.empty()) {
    return PyError("RuntimeError", "at least one item has to be provided");
  }
  return PyValue::Of(PyValue::Kind::kObject, new CyclerObject(arguments.positional));
}

/// Gives nothing when it's called first, then its separator.
class JoinerObject final : public PyOpaque {
 public:
  explicit JoinerObject(PyValue separator) : separator_(std::move(separator)) {}
  std::string_view type_name() const override { return "Joiner"; }
  bool callable() const override { return true; }
  Result<PyValue> Call(EvaluationBudget&, const PyArguments& arguments) const override {
    MR_RETURN_IF_ERROR(PyBoundArguments::Bind("joiner", arguments, {}, 0).status());
    return std::exchange(used_, true) ? separator_ : PyValue("");
  }

 private:
  const PyValue separator_;
  mutable bool used_ = false;
};

Result<PyValue> Joiner(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("joiner", arguments, {"sep"}, 0));
  return PyValue::Of(PyValue::Kind::kObject,
                     new JoinerObject(args[0] == nullptr ? PyValue(", ") : args.At(0)));
}

/// What nobody uses in a manifest.
Result<PyValue> Lipsum(EvaluationBudget&, const PyArguments&) {
  return PyError("NotImplementedError", "the function lipsum is not available in Millrace");
}

constexpr PyNamedFunction kGlobals[] = {
    {"dict", Dict}, {"cycler", Cycler}, {"joiner", Joiner}, {"lipsum", Lipsum}};

}  // namespace

PyFunctionTable JinjaGlobals() { return kGlobals; }

}  // namespace millrace
