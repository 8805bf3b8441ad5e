#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "declarative/jinja/py_function.h"

namespace millrace {

/// A value that is no plain data: a bound method, a macro, a namespace, an iterator, a view of a
/// dict. What a subclass doesn't say, it can't do. Of Kind::kObject.
class PyOpaque : public PyObject {
 public:
  /// type(value).__name__: "generator", "dict_items", …
  virtual std::string_view type_name() const = 0;
  /// What repr() and str() give; Python's would have an address in it.
  virtual std::string Repr() const;
  virtual bool truthy() const { return true; }

  virtual bool callable() const { return false; }
  virtual Result<PyValue> Call(EvaluationBudget& budget, const PyArguments& arguments) const;

  /// Undefined when there is none.
  virtual PyValue Attribute(std::string_view name) const;
  /// Whether it did set it.
  virtual bool SetAttribute(std::string_view name, PyValue value) const;
  /// Lets go of what was set, for nobody is to ask for it any more: it may refer to the value
  /// itself.
  virtual void Forget() const {}

  virtual bool iterable() const { return false; }
  /// What iterating gives from here on: an iterator has nothing left afterwards.
  virtual PyList TakeItems() const { return {}; }
  /// len(); none for iterators.
  virtual std::optional<int64_t> length() const { return std::nullopt; }
};

/// Requires kind() == kObject.
const PyOpaque& OpaqueOf(const PyValue& value);

/// A generator over what was computed already: used up by the first who iterates. Always true.
PyValue PyIterator(PyList items, std::string_view type_name = "generator");
/// dict_keys, dict_values, dict_items (`type_name`, a literal).
PyValue PyDictView(PyList items, std::string_view type_name);
/// A function as a value; `name` as repr() shows it.
PyValue PyFunctionValue(PyFunction function, std::string_view name);
/// A function with its first argument.
PyValue PyBoundMethod(PyValue receiver, PyFunction function, std::string_view name);

/// callable(value).
bool PyCallable(const PyValue& value);
/// value(arguments): a TypeError when it isn't callable, an UndefinedError when it's undefined.
Result<PyValue> PyCall(EvaluationBudget& budget, const PyValue& value,
                       const PyArguments& arguments);

}  // namespace millrace
