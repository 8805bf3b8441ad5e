// How statements run, but for loops and macros.
#include "declarative/jinja/jinja_evaluator.h"
#include "declarative/jinja/jinja_namespace.h"
#include "declarative/jinja/py_big_int.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_opaque.h"

namespace millrace {

using Kind = JinjaNode::Kind;

JinjaEvaluator::JinjaEvaluator(const JinjaTemplate& jinja, const PyValue* const* sources,
                               EvaluationBudget& budget)
    : template_(jinja),
      sources_(sources),
      budget_(budget),
      handle_(std::make_shared<JinjaEvaluator*>(this)),
      current_(std::make_shared<JinjaActivation>(nullptr, jinja.binding().slots)) {
  Load(template_.binding().loads);
}

JinjaEvaluator::~JinjaEvaluator() {
  *handle_ = nullptr;
  // Macros and the variables that hold them refer to each other, namespaces maybe to themselves.
  for (const PyValue& changed : changed_) OpaqueOf(changed).Forget();
  for (const std::shared_ptr<JinjaActivation>& activation : kept_) {
    std::vector<PyValue>().swap(activation->slots);
  }
}

Result<std::string> JinjaEvaluator::Render() {
  std::string text;
  MR_RETURN_IF_ERROR(Run(template_.statements(), &text));
  return text;
}

void JinjaEvaluator::Load(const std::vector<JinjaLoad>& loads) {
  for (const JinjaLoad& load : loads) {
    PyValue& target = At(load.target);
    switch (load.action) {
      case JinjaLoad::Action::kFromContext:
        target = *sources_[load.source];
        break;
      case JinjaLoad::Action::kFromOuter:
        target = At(load.outer);
        break;
      case JinjaLoad::Action::kUndefined:
        target = PyValue::Undefined();
        break;
    }
  }
}

Status JinjaEvaluator::Step() {
  constexpr int64_t kAtOnce = 64;  // counted here, charged by the dozen
  if (++steps_ % kAtOnce != 0) return Status::Ok();
  return budget_.ChargeSteps(kAtOnce);
}

Status JinjaEvaluator::Run(const JinjaNodes& nodes, std::string* text) {
  for (const JinjaNodePtr& node : nodes) {
    MR_RETURN_IF_ERROR(Step());
    MR_RETURN_IF_ERROR(RunStatement(*node, text));
  }
  return Status::Ok();
}

Status JinjaEvaluator::RunStatement(const JinjaNode& node, std::string* text) {
  switch (node.kind) {
    case Kind::kOutput:
      return RunOutput(node, text);
    case Kind::kAssign: {
      MR_ASSIGN_OR_RETURN(PyValue value, Evaluate(*node.children[1]));
      return Assign(*node.children[0], std::move(value));
    }
    case Kind::kAssignBlock:
      return RunAssignBlock(node);
    case Kind::kIf:
      return RunIf(node, text);
    case Kind::kFor:
      return RunFor(node, text);
    case Kind::kWith:
      return RunWith(node, text);
    case Kind::kMacro:
      At(node.ref) = MakeMacro(node);
      return Status::Ok();
    case Kind::kCallBlock:
      return RunCallBlock(node, text);
    case Kind::kFilterBlock:
      return RunFilterBlock(node, text);
    case Kind::kScope:
      return RunScope(node, text);
    default: {
      MR_ASSIGN_OR_RETURN(const PyValue name, Evaluate(*node.children[0]));
      return PyError("TypeError", "no loader for this environment specified");
    }
  }
}

Status JinjaEvaluator::AppendOutput(const PyValue& value, std::string* text) {
  if (value.kind() == PyValue::Kind::kBigInt && IntegerBits(value) > kPrintableBitsMax) {
    return PyError("ValueError", "Exceeds the limit (4300 digits) for integer string conversion");
  }
  const size_t before = text->size();
  if (autoescape_ && !value.is_markup()) {
    AppendHtmlEscaped(PyStr(value), text);
  } else {
    AppendPyStr(value, text);
  }
  return budget_.ChargeBytes(static_cast<int64_t>(text->size() - before));
}

Status JinjaEvaluator::RunOutput(const JinjaNode& node, std::string* text) {
  for (const JinjaNodePtr& part : node.children) {
    if (part->kind == Kind::kText) {
      text->append(part->value.str());
      MR_RETURN_IF_ERROR(budget_.ChargeBytes(static_cast<int64_t>(part->value.str().size())));
    } else if (const PyValue* found = Borrow(*part)) {
      MR_RETURN_IF_ERROR(AppendOutput(*found, text));
    } else {
      MR_ASSIGN_OR_RETURN(const PyValue value, Evaluate(*part));
      MR_RETURN_IF_ERROR(AppendOutput(value, text));
    }
  }
  return Status::Ok();
}

Status JinjaEvaluator::RunAssignBlock(const JinjaNode& node) {
  Load(node.loads);
  std::string text;
  MR_RETURN_IF_ERROR(Run(node.body, &text));
  PyValue value = autoescape_ ? PyValue::Markup(std::move(text)) : PyValue(std::move(text));
  if (node.children[1]) {
    const PyValue* const outer = std::exchange(filter_text_, &value);
    Result<PyValue> filtered = Evaluate(*node.children[1]);
    filter_text_ = outer;
    MR_RETURN_IF_ERROR(filtered.status());
    value = std::move(*filtered);
  }
  return Assign(*node.children[0], std::move(value));
}

Status JinjaEvaluator::RunIf(const JinjaNode& node, std::string* text) {
  MR_ASSIGN_OR_RETURN(PyValue test, Evaluate(*node.children[0]));
  if (PyTruthy(test)) return Run(node.body, text);
  for (const JinjaNodePtr& branch : node.branches) {
    MR_ASSIGN_OR_RETURN(test, Evaluate(*branch->children[0]));
    if (PyTruthy(test)) return Run(branch->body, text);
  }
  return Run(node.alternative, text);
}

Status JinjaEvaluator::RunWith(const JinjaNode& node, std::string* text) {
  Load(node.loads);
  for (size_t i = 0; i < node.children.size(); i += 2) {
    MR_ASSIGN_OR_RETURN(PyValue value, Evaluate(*node.children[i + 1]));
    MR_RETURN_IF_ERROR(Assign(*node.children[i], std::move(value)));
  }
  return Run(node.body, text);
}

Status JinjaEvaluator::RunScope(const JinjaNode& node, std::string* text) {
  Load(node.loads);
  const bool outer = autoescape_;
  if (!node.children.empty()) {
    MR_ASSIGN_OR_RETURN(const PyValue on, Evaluate(*node.children[0]));
    autoescape_ = PyTruthy(on);
  }
  const Status status = Run(node.body, text);
  autoescape_ = outer;
  return status;
}

Status JinjaEvaluator::RunCallBlock(const JinjaNode& node, std::string* text) {
  const PyValue caller = MakeMacro(node);
  MR_ASSIGN_OR_RETURN(const PyValue value, EvaluateCall(*node.children[0], &caller));
  return AppendOutput(value, text);
}

Status JinjaEvaluator::RunFilterBlock(const JinjaNode& node, std::string* text) {
  Load(node.loads);
  std::string body;
  MR_RETURN_IF_ERROR(Run(node.body, &body));
  const PyValue filtered =
      autoescape_ ? PyValue::Markup(std::move(body)) : PyValue(std::move(body));
  const PyValue* const outer = std::exchange(filter_text_, &filtered);
  const Result<PyValue> value = Evaluate(*node.children[0]);
  filter_text_ = outer;
  MR_RETURN_IF_ERROR(value.status());
  return AppendOutput(*value, text);
}

Status JinjaEvaluator::Assign(const JinjaNode& target, PyValue value) {
  if (target.kind == Kind::kName) {
    At(target.ref) = std::move(value);
    return Status::Ok();
  }
  if (target.kind == Kind::kMember) {
    const PyValue& object = At(target.ref);
    const bool set = object.kind() == PyValue::Kind::kObject &&
                     OpaqueOf(object).SetAttribute(target.value.str(), std::move(value));
    if (set) {
      changed_.push_back(object);
      return budget_.ChargeBytes(sizeof(PyValue));
    }
    return PyError("TemplateRuntimeError", "cannot assign attribute on non-namespace object");
  }
  MR_ASSIGN_OR_RETURN(PyList items, PyIterate(value));
  if (items.size() != target.children.size()) {
    return PyError("ValueError", items.size() < target.children.size()
                                     ? "not enough values to unpack"
                                     : "too many values to unpack");
  }
  for (size_t i = 0; i < items.size(); ++i) {
    MR_RETURN_IF_ERROR(Assign(*target.children[i], std::move(items[i])));
  }
  return Status::Ok();
}

}  // namespace millrace
