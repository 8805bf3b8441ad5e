// How expressions are evaluated.
#include "declarative/jinja/jinja_evaluator.h"
#include "declarative/jinja/jinja_lookup.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {

using Kind = JinjaNode::Kind;

namespace {

Result<bool> Compare(JinjaCompareOperator op, const PyValue& a, const PyValue& b) {
  switch (op) {
    case JinjaCompareOperator::kEq:
      return PyEqual(a, b);
    case JinjaCompareOperator::kNe:
      return !PyEqual(a, b);
    case JinjaCompareOperator::kLt:
      return PyLess(a, b);
    case JinjaCompareOperator::kLe:
      return PyLessOrEqual(a, b);
    case JinjaCompareOperator::kGt:
      return PyLess(b, a);
    case JinjaCompareOperator::kGe:
      return PyLessOrEqual(b, a);
    case JinjaCompareOperator::kIn:
      return PyContains(b, a);
    case JinjaCompareOperator::kNotIn:
      break;
  }
  MR_ASSIGN_OR_RETURN(const bool there, PyContains(b, a));
  return !there;
}

}  // namespace

/// One more level while it lives. Python gives up after 1,000 calls, and so do we long before the
/// thread's stack is used up.
class JinjaEvaluator::Deeper {
 public:
  static constexpr int kDepthMax = 1500;
  explicit Deeper(JinjaEvaluator& evaluator) : evaluator_(evaluator) { ++evaluator_.depth_; }
  ~Deeper() { --evaluator_.depth_; }
  Status Check() const {
    if (evaluator_.depth_ <= kDepthMax) return Status::Ok();
    return PyError("RecursionError", "maximum recursion depth exceeded");
  }

 private:
  JinjaEvaluator& evaluator_;
};

PyValue& JinjaEvaluator::At(JinjaRef ref) const {
  JinjaActivation* activation = current_.get();
  for (uint16_t i = 0; i < ref.up; ++i) activation = activation->outer.get();
  return activation->slots[ref.slot];
}

/// Where a value stands that needs no more than looking; null: evaluate it.
const PyValue* JinjaEvaluator::Borrow(const JinjaNode& node) const {
  switch (node.kind) {
    case Kind::kConst:
      return &node.value;
    case Kind::kName:
      return &At(node.ref);
    case Kind::kAttribute: {
      if (!node.plain_member) return nullptr;
      const PyValue* object = Borrow(*node.children[0]);
      return object == nullptr ? nullptr : object->Find(std::string_view(node.name));
    }
    case Kind::kItem: {
      const JinjaNode& key = *node.children[1];
      if (key.kind != Kind::kConst || !key.value.is_str()) return nullptr;
      const PyValue* object = Borrow(*node.children[0]);
      return object == nullptr ? nullptr : object->Find(std::string_view(key.value.str()));
    }
    default:
      return nullptr;
  }
}

Result<PyValue> JinjaEvaluator::Evaluate(const JinjaNode& node) {
  if (const PyValue* found = Borrow(node)) return *found;
  const Deeper deeper(*this);
  MR_RETURN_IF_ERROR(deeper.Check());
  MR_RETURN_IF_ERROR(Step());
  return EvaluateAny(node);
}

Result<PyValue> JinjaEvaluator::EvaluateAny(const JinjaNode& node) {
  switch (node.kind) {
    case Kind::kTuple:
    case Kind::kList: {
      MR_ASSIGN_OR_RETURN(PyList items, EvaluateAll(node.children));
      return node.kind == Kind::kList ? PyValue::List(std::move(items))
                                      : PyValue::Tuple(std::move(items));
    }
    case Kind::kDict:
      return EvaluateDict(node);
    case Kind::kAttribute: {
      MR_ASSIGN_OR_RETURN(const PyValue object, Evaluate(*node.children[0]));
      return JinjaAttribute(object, node.name);
    }
    case Kind::kItem: {
      MR_ASSIGN_OR_RETURN(const PyValue object, Evaluate(*node.children[0]));
      MR_ASSIGN_OR_RETURN(const PyValue key, Evaluate(*node.children[1]));
      return JinjaItem(object, key);
    }
    case Kind::kSlice:
      return EvaluateSlice(node);
    case Kind::kCall:
      return EvaluateCall(node);
    case Kind::kFilter:
    case Kind::kTest:
      return EvaluateFilter(node);
    case Kind::kNot:
    case Kind::kNegative:
    case Kind::kPositive: {
      MR_ASSIGN_OR_RETURN(const PyValue operand, Evaluate(*node.children[0]));
      if (node.kind == Kind::kNot) return PyValue(!PyTruthy(operand));
      return node.kind == Kind::kNegative ? PyNegative(operand) : PyPositive(operand);
    }
    case Kind::kAnd:
    case Kind::kOr: {
      MR_ASSIGN_OR_RETURN(PyValue left, Evaluate(*node.children[0]));
      if (PyTruthy(left) == (node.kind == Kind::kOr)) return left;
      return Evaluate(*node.children[1]);
    }
    case Kind::kBinary:
      return EvaluateBinary(node);
    case Kind::kConcat:
      return EvaluateConcat(node);
    case Kind::kCompare:
      return EvaluateCompare(node);
    case Kind::kCondition:
      return EvaluateCondition(node);
    default:
      return PyValue::Undefined();
  }
}

Result<PyList> JinjaEvaluator::EvaluateAll(const JinjaNodes& nodes) {
  MR_RETURN_IF_ERROR(
      budget_.ChargeBytes(static_cast<int64_t>(nodes.size() * sizeof(PyValue)) + 48));
  PyList values;
  values.reserve(nodes.size());
  for (const JinjaNodePtr& node : nodes) {
    MR_ASSIGN_OR_RETURN(PyValue value, Evaluate(*node));
    values.push_back(std::move(value));
  }
  return values;
}

Result<PyValue> JinjaEvaluator::EvaluateDict(const JinjaNode& node) {
  MR_ASSIGN_OR_RETURN(PyList entries, EvaluateAll(node.children));
  PyDict dict;
  for (size_t i = 0; i < entries.size(); i += 2) {
    MR_RETURN_IF_ERROR(PyHashable(entries[i]));
    dict.Set(std::move(entries[i]), std::move(entries[i + 1]));
  }
  return PyValue(std::move(dict));
}

Result<PyValue> JinjaEvaluator::EvaluateBinary(const JinjaNode& node) {
  MR_ASSIGN_OR_RETURN(const PyValue left, Evaluate(*node.children[0]));
  MR_ASSIGN_OR_RETURN(const PyValue right, Evaluate(*node.children[1]));
  if (!PyIsNumber(left) || !PyIsNumber(right)) {
    MR_RETURN_IF_ERROR(budget_.ChargeBytes(PyBinaryCost(node.binary, left, right)));
  }
  return PyBinary(node.binary, left, right);
}

Result<PyValue> JinjaEvaluator::EvaluateConcat(const JinjaNode& node) {
  std::string text;
  MR_ASSIGN_OR_RETURN(const PyList pieces, EvaluateAll(node.children));
  for (const PyValue& piece : pieces) AppendPyStr(piece, &text);
  MR_RETURN_IF_ERROR(budget_.ChargeBytes(static_cast<int64_t>(text.size())));
  return PyValue(std::move(text));
}

Result<PyValue> JinjaEvaluator::EvaluateCompare(const JinjaNode& node) {
  MR_ASSIGN_OR_RETURN(PyValue left, Evaluate(*node.children[0]));
  for (size_t i = 0; i < node.comparisons.size(); ++i) {
    MR_ASSIGN_OR_RETURN(PyValue right, Evaluate(*node.children[i + 1]));
    MR_ASSIGN_OR_RETURN(const bool holds, Compare(node.comparisons[i], left, right));
    if (!holds) return PyValue(false);
    left = std::move(right);
  }
  return PyValue(true);
}

Result<PyValue> JinjaEvaluator::EvaluateSlice(const JinjaNode& node) {
  PyValue parts[4];
  for (size_t i = 0; i < 4; ++i) {
    if (!node.children[i]) continue;
    MR_ASSIGN_OR_RETURN(parts[i], Evaluate(*node.children[i]));
  }
  MR_RETURN_IF_ERROR(
      budget_.ChargeBytes(PyBinaryCost(PyBinaryOperator::kAdd, parts[0], PyValue())));
  return PySlice(parts[0], parts[1], parts[2], parts[3]);
}

Result<PyValue> JinjaEvaluator::EvaluateCondition(const JinjaNode& node) {
  MR_ASSIGN_OR_RETURN(const PyValue test, Evaluate(*node.children[0]));
  if (PyTruthy(test)) return Evaluate(*node.children[1]);
  return node.children[2] ? Evaluate(*node.children[2]) : PyValue::Undefined();
}

Status JinjaEvaluator::EvaluateArguments(const JinjaArguments& given, PyArguments* arguments) {
  for (const JinjaNodePtr& node : given.positional) {
    MR_ASSIGN_OR_RETURN(PyValue value, Evaluate(*node));
    arguments->positional.push_back(std::move(value));
  }
  for (const auto& [name, node] : given.named) {
    MR_ASSIGN_OR_RETURN(PyValue value, Evaluate(*node));
    arguments->named.emplace_back(name, std::move(value));
  }
  if (given.star) {
    MR_ASSIGN_OR_RETURN(const PyValue star, Evaluate(*given.star));
    MR_ASSIGN_OR_RETURN(const PyList items, PyIterate(star));
    MR_RETURN_IF_ERROR(budget_.ChargeBytes(static_cast<int64_t>(items.size() * sizeof(PyValue))));
    arguments->positional.insert(arguments->positional.end(), items.begin(), items.end());
  }
  if (given.star_star) {
    MR_ASSIGN_OR_RETURN(const PyValue more, Evaluate(*given.star_star));
    const PyDict* dict = MappingOf(more);
    if (dict == nullptr) return PyError("TypeError", "argument after ** must be a mapping");
    for (const auto& [name, value] : *dict) {
      if (!name.is_str()) return PyError("TypeError", "keywords must be strings");
      for (const auto& [known, unused] : arguments->named) {
        if (known == name.str()) {
          return PyError("TypeError", "got multiple values for a keyword argument");
        }
      }
      arguments->named.emplace_back(name.str(), value);
    }
  }
  return Status::Ok();
}

Result<PyValue> JinjaEvaluator::EvaluateCall(const JinjaNode& node, const PyValue* caller) {
  const JinjaNode& callee = *node.children[0];
  PyArguments arguments;
  PyValue called;
  PyFunction method = nullptr;
  if (callee.kind == Kind::kAttribute) {
    // Methods are called without making values of them.
    MR_ASSIGN_OR_RETURN(PyValue object, Evaluate(*callee.children[0]));
    method = FindPyMethod(object.kind(), callee.name);
    if (method != nullptr) {
      arguments.positional.push_back(std::move(object));
    } else {
      MR_ASSIGN_OR_RETURN(called, JinjaAttribute(object, callee.name));
      const auto* loop = called.is_undefined() && object.kind() == PyValue::Kind::kObject
                             ? dynamic_cast<const JinjaLoop*>(&OpaqueOf(object))
                             : nullptr;
      if (loop != nullptr && callee.name == "cycle") method = &JinjaLoop::Cycle;
      if (loop != nullptr && callee.name == "changed") method = &JinjaLoop::Changed;
      if (method != nullptr) arguments.positional.push_back(std::move(object));
    }
  } else {
    MR_ASSIGN_OR_RETURN(called, Evaluate(callee));
  }
  MR_RETURN_IF_ERROR(EvaluateArguments(node.arguments, &arguments));
  if (caller != nullptr) arguments.named.emplace_back("caller", *caller);
  return method != nullptr ? method(budget_, arguments) : PyCall(budget_, called, arguments);
}

Result<PyValue> JinjaEvaluator::EvaluateFilter(const JinjaNode& node) {
  PyArguments arguments;
  if (node.children[0]) {
    MR_ASSIGN_OR_RETURN(PyValue value, Evaluate(*node.children[0]));
    arguments.positional.push_back(std::move(value));
  } else {
    arguments.positional.push_back(*filter_text_);
  }
  MR_RETURN_IF_ERROR(EvaluateArguments(node.arguments, &arguments));
  if (node.function == nullptr) {
    return PyError("TemplateRuntimeError",
                   fmt::format("No {} named '{}' found.",
                               node.kind == Kind::kFilter ? "filter" : "test", node.name));
  }
  return node.function(budget_, arguments);
}

}  // namespace millrace
