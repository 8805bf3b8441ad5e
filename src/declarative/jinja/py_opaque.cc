#include "declarative/jinja/py_opaque.h"

#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

class IteratorObject final : public PyOpaque {
 public:
  IteratorObject(PyList items, std::string_view type_name)
      : items_(std::move(items)), type_name_(type_name) {}
  std::string_view type_name() const override { return type_name_; }
  bool iterable() const override { return true; }
  PyList TakeItems() const override { return std::exchange(items_, {}); }

 private:
  mutable PyList items_;
  const std::string type_name_;
};

class DictViewObject final : public PyOpaque {
 public:
  DictViewObject(PyList items, std::string_view type_name)
      : items_(PyValue::List(std::move(items))), type_name_(type_name) {}
  std::string_view type_name() const override { return type_name_; }
  std::string Repr() const override { return fmt::format("{}({})", type_name_, PyRepr(items_)); }
  bool truthy() const override { return !items_.items().empty(); }
  bool iterable() const override { return true; }
  PyList TakeItems() const override { return items_.items(); }
  std::optional<int64_t> length() const override {
    return static_cast<int64_t>(items_.items().size());
  }

 private:
  const PyValue items_;
  const std::string type_name_;
};

class FunctionObject final : public PyOpaque {
 public:
  FunctionObject(PyFunction function, std::string_view name) : function_(function), name_(name) {}
  std::string_view type_name() const override { return "function"; }
  std::string Repr() const override { return fmt::format("<function {}>", name_); }
  bool callable() const override { return true; }
  Result<PyValue> Call(EvaluationBudget& budget, const PyArguments& arguments) const override {
    return function_(budget, arguments);
  }

 private:
  const PyFunction function_;
  const std::string name_;
};

class BoundMethodObject final : public PyOpaque {
 public:
  BoundMethodObject(PyValue receiver, PyFunction function, std::string_view name)
      : receiver_(std::move(receiver)), function_(function), name_(name) {}
  std::string_view type_name() const override { return "builtin_function_or_method"; }
  std::string Repr() const override {
    return fmt::format("<built-in method {} of {} object>", name_, PyTypeName(receiver_));
  }
  bool callable() const override { return true; }
  Result<PyValue> Call(EvaluationBudget& budget, const PyArguments& arguments) const override {
    PyArguments all = arguments;
    all.positional.insert(all.positional.begin(), receiver_);
    return function_(budget, all);
  }

 private:
  const PyValue receiver_;
  const PyFunction function_;
  const std::string name_;
};

template <typename T, typename... Args>
PyValue Make(Args&&... args) {
  return PyValue::Of(PyValue::Kind::kObject, new T(std::forward<Args>(args)...));
}

}  // namespace

std::string PyOpaque::Repr() const { return fmt::format("<{} object>", type_name()); }

Result<PyValue> PyOpaque::Call(EvaluationBudget&, const PyArguments&) const {
  return PyError("TypeError", fmt::format("'{}' object is not callable", type_name()));
}

PyValue PyOpaque::Attribute(std::string_view) const { return PyValue::Undefined(); }
bool PyOpaque::SetAttribute(std::string_view, PyValue) const { return false; }

const PyOpaque& OpaqueOf(const PyValue& value) {
  return static_cast<const PyOpaque&>(*value.object());
}

PyValue PyIterator(PyList items, std::string_view type_name) {
  return Make<IteratorObject>(std::move(items), type_name);
}
PyValue PyDictView(PyList items, std::string_view type_name) {
  return Make<DictViewObject>(std::move(items), type_name);
}
PyValue PyFunctionValue(PyFunction function, std::string_view name) {
  return Make<FunctionObject>(function, name);
}
PyValue PyBoundMethod(PyValue receiver, PyFunction function, std::string_view name) {
  return Make<BoundMethodObject>(std::move(receiver), function, name);
}

bool PyCallable(const PyValue& value) {
  return value.kind() == PyValue::Kind::kObject && OpaqueOf(value).callable();
}

Result<PyValue> PyCall(EvaluationBudget& budget, const PyValue& value,
                       const PyArguments& arguments) {
  if (value.is_undefined()) return UseOfUndefined(value);
  if (value.kind() == PyValue::Kind::kObject) return OpaqueOf(value).Call(budget, arguments);
  return PyError("TypeError", fmt::format("'{}' object is not callable", PyTypeName(value)));
}

}  // namespace millrace
