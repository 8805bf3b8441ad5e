// How loops and macros run.
#include "declarative/jinja/jinja_evaluator.h"
#include "declarative/jinja/jinja_loop.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_opaque.h"

namespace millrace {
namespace {

/// A macro as a value: knows the variables around it.
class MacroObject final : public PyOpaque {
 public:
  MacroObject(JinjaEvaluator::Handle evaluator, const JinjaNode& node,
              std::shared_ptr<JinjaActivation> outer)
      : evaluator_(std::move(evaluator)), node_(node), outer_(std::move(outer)) {}
  std::string_view type_name() const override { return "Macro"; }
  std::string Repr() const override {
    const bool anonymous = *evaluator_ == nullptr || node_.name.empty();
    return anonymous ? "<Macro anonymous>" : fmt::format("<Macro '{}'>", node_.name);
  }
  bool callable() const override { return true; }
  Result<PyValue> Call(EvaluationBudget&, const PyArguments& arguments) const override {
    if (*evaluator_ == nullptr) return PyError("ValueError", "the macro's template has ended");
    return (*evaluator_)->CallMacro(node_, outer_, arguments);
  }
  PyValue Attribute(std::string_view name) const override {
    if (*evaluator_ == nullptr) return PyValue::Undefined();
    if (name == "name") return node_.name.empty() ? PyValue() : PyValue(node_.name);
    if (name == "catch_kwargs") return PyValue(node_.info->uses_kwargs);
    if (name == "catch_varargs") return PyValue(node_.info->uses_varargs);
    if (name == "caller") return PyValue(node_.info->uses_caller);
    if (name == "explicit_caller") return PyValue(node_.info->explicit_caller);
    if (name != "arguments") return PyValue::Undefined();
    PyList names;
    for (const JinjaNodePtr& parameter : node_.parameters) names.emplace_back(parameter->name);
    return PyValue::Tuple(std::move(names));
  }

 private:
  const JinjaEvaluator::Handle evaluator_;
  const JinjaNode& node_;
  const std::shared_ptr<JinjaActivation> outer_;
};

/// Takes the named argument away; false: it isn't there.
bool TakeNamed(std::vector<std::pair<std::string, PyValue>>* named, std::string_view name,
               PyValue* value) {
  for (auto it = named->begin(); it != named->end(); ++it) {
    if (it->first != name) continue;
    *value = std::move(it->second);
    named->erase(it);
    return true;
  }
  return false;
}

}  // namespace

/// Makes an activation the current one while it lives.
class JinjaEvaluator::Entered {
 public:
  static constexpr int kCallDepth = 8;  // how many levels of Python's a call of ours stands for

  Entered(JinjaEvaluator& evaluator, std::shared_ptr<JinjaActivation> activation)
      : evaluator_(evaluator), outer_(std::exchange(evaluator.current_, std::move(activation))) {
    evaluator_.depth_ += kCallDepth;
  }
  ~Entered() {
    evaluator_.current_ = std::move(outer_);
    evaluator_.depth_ -= kCallDepth;
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

 private:
  JinjaEvaluator& evaluator_;
  std::shared_ptr<JinjaActivation> outer_;
};

PyValue JinjaEvaluator::MakeMacro(const JinjaNode& node) {
  kept_.push_back(current_);
  return PyValue::Of(PyValue::Kind::kObject, new MacroObject(handle_, node, current_));
}

Result<PyValue> JinjaEvaluator::CallMacro(const JinjaNode& node,
                                          const std::shared_ptr<JinjaActivation>& outer,
                                          const PyArguments& arguments) {
  constexpr int kCallsMax = 1400;  // in levels; see Entered
  if (depth_ > kCallsMax) {
    return PyError("RecursionError", "maximum recursion depth exceeded");
  }
  MR_RETURN_IF_ERROR(Step());
  MR_RETURN_IF_ERROR(budget_.ChargeBytes(64 + node.info->slots * sizeof(PyValue)));
  const Entered entered(*this, std::make_shared<JinjaActivation>(outer, node.info->slots));
  Load(node.loads);
  MR_RETURN_IF_ERROR(BindParameters(node, arguments));
  std::string text;
  MR_RETURN_IF_ERROR(Run(node.body, &text));
  return autoescape_ ? PyValue::Markup(std::move(text)) : PyValue(std::move(text));
}

Status JinjaEvaluator::BindParameters(const JinjaNode& node, const PyArguments& arguments) {
  const JinjaFunctionInfo& info = *node.info;
  const size_t count = node.parameters.size();
  std::vector<std::pair<std::string, PyValue>> named = arguments.named;
  std::vector<bool> given(count, false);
  bool found_caller = arguments.positional.size() >= count && info.explicit_caller;
  for (size_t i = 0; i < count; ++i) {
    const JinjaNode& parameter = *node.parameters[i];
    PyValue value;
    if (i < arguments.positional.size()) {
      value = arguments.positional[i];
      given[i] = true;
    } else {
      given[i] = TakeNamed(&named, parameter.name, &value);
      found_caller = found_caller || parameter.name == "caller";
    }
    At(parameter.ref) = given[i] ? std::move(value) : PyValue::Undefined();
  }
  if (info.uses_caller && !found_caller) {
    PyValue caller;
    const bool there = TakeNamed(&named, "caller", &caller) && !caller.is_none();
    At(info.caller) = there ? std::move(caller) : PyValue::Undefined();
  }
  if (info.uses_kwargs) {
    PyDict rest;
    for (auto& [name, value] : named) rest.Append(PyValue(name), std::move(value));
    At(info.kwargs) = PyValue(std::move(rest));
  } else if (!named.empty()) {
    return PyError("TypeError", fmt::format("macro '{}' takes no keyword argument '{}'", node.name,
                                            named[0].first));
  }
  const bool more = arguments.positional.size() > count;
  if (info.uses_varargs) {
    PyList rest;
    if (more) {
      rest.assign(arguments.positional.begin() + static_cast<std::ptrdiff_t>(count),
                  arguments.positional.end());
    }
    At(info.varargs) = PyValue::Tuple(std::move(rest));
  } else if (more) {
    return PyError("TypeError",
                   fmt::format("macro '{}' takes not more than {} argument(s)", node.name, count));
  }
  const size_t required = count - node.defaults.size();
  for (size_t i = required; i < count; ++i) {
    if (given[i]) continue;
    MR_ASSIGN_OR_RETURN(At(node.parameters[i]->ref), Evaluate(*node.defaults[i - required]));
  }
  return Status::Ok();
}

Status JinjaEvaluator::RunFor(const JinjaNode& node, std::string* text) {
  MR_ASSIGN_OR_RETURN(const PyValue iterable, Evaluate(*node.children[1]));
  if (!node.recursive) return RunLoop(node, iterable, /*depth0=*/0, text);
  MR_ASSIGN_OR_RETURN(const PyValue value, RunRecursiveLoop(node, current_, iterable, 0));
  text->append(value.str());
  return Status::Ok();
}

Result<PyValue> JinjaEvaluator::RunRecursiveLoop(const JinjaNode& node,
                                                 const std::shared_ptr<JinjaActivation>& outer,
                                                 const PyValue& iterable, int depth0) {
  constexpr int kCallsMax = 1400;
  if (depth_ > kCallsMax) {
    return PyError("RecursionError", "maximum recursion depth exceeded");
  }
  MR_RETURN_IF_ERROR(budget_.ChargeBytes(64 + node.info->slots * sizeof(PyValue)));
  const Entered entered(*this, std::make_shared<JinjaActivation>(outer, node.info->slots));
  std::string text;
  MR_RETURN_IF_ERROR(RunLoop(node, iterable, depth0, &text));
  return autoescape_ ? PyValue::Markup(std::move(text)) : PyValue(std::move(text));
}

Result<bool> JinjaEvaluator::PassesTest(const JinjaNode& node,
                                        const std::shared_ptr<JinjaActivation>& activation,
                                        const PyValue& item) {
  const Entered entered(*this, activation);
  MR_RETURN_IF_ERROR(Assign(*node.children[0], item));
  Load(node.test_loads);
  MR_ASSIGN_OR_RETURN(const PyValue passes, Evaluate(*node.children[2]));
  return PyTruthy(passes);
}

Status JinjaEvaluator::RunLoop(const JinjaNode& node, const PyValue& iterable, int depth0,
                               std::string* text) {
  MR_ASSIGN_OR_RETURN(PyList items, PyIterate(iterable));
  MR_RETURN_IF_ERROR(budget_.ChargeBytes(static_cast<int64_t>(items.size() * sizeof(PyValue))));
  JinjaLoop::Test test;
  if (node.children[2]) {
    test = [this, &node, activation = current_](const PyValue& item) {
      return PassesTest(node, activation, item);
    };
  }
  JinjaLoop::Recurse recurse;
  if (node.recursive) {
    recurse = [this, &node, outer = current_->outer, depth0](const PyValue& nested) {
      return RunRecursiveLoop(node, outer, nested, depth0 + 1);
    };
  }
  auto* const loop = new JinjaLoop(std::move(items), std::move(test), std::move(recurse), depth0);
  const PyValue kept = PyValue::Of(PyValue::Kind::kObject, loop);
  Status status;
  bool any = false;
  while (status.ok()) {
    const Result<bool> more = loop->Advance();
    status = more.status();
    if (!status.ok() || !*more) break;
    any = true;
    status = Assign(*node.children[0], loop->item());
    if (!status.ok()) break;
    if (node.uses_loop) At(node.loop_ref) = kept;
    Load(node.loads);
    status = Step();
    if (status.ok()) status = Run(node.body, text);
  }
  loop->End();
  if (node.uses_loop) At(node.loop_ref) = PyValue::Undefined();
  if (!status.ok() || any) return status;
  Load(node.else_loads);
  return Run(node.alternative, text);
}

}  // namespace millrace
