#include "declarative/jinja/py_bound_arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {

Result<PyBoundArguments> PyBoundArguments::Bind(std::string_view function,
                                                const PyArguments& arguments,
                                                std::initializer_list<std::string_view> parameters,
                                                size_t required) {
  PyBoundArguments bound;
  bound.function_ = function;
  if (arguments.positional.size() > parameters.size()) {
    return PyError("TypeError", fmt::format("{}() takes at most {} arguments ({} given)", function,
                                            parameters.size(), arguments.positional.size()));
  }
  for (size_t i = 0; i < arguments.positional.size(); ++i) {
    bound.values_[i] = &arguments.positional[i];
  }
  for (const auto& [name, value] : arguments.named) {
    const auto parameter = std::find(parameters.begin(), parameters.end(), name);
    const auto place = static_cast<size_t>(parameter - parameters.begin());
    if (parameter == parameters.end() || name.empty() || bound.values_[place] != nullptr) {
      return PyError("TypeError",
                     fmt::format("{}() got an unexpected keyword argument '{}'", function, name));
    }
    bound.values_[place] = &value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (bound.values_[i] != nullptr) continue;
    return PyError("TypeError", fmt::format("{}() misses a required argument", function));
  }
  return bound;
}

Result<std::string_view> PyBoundArguments::Text(size_t parameter,
                                                std::string_view otherwise) const {
  const PyValue* const value = values_[parameter];
  if (value == nullptr) return otherwise;
  if (value->is_str()) return std::string_view(value->str());
  return PyError("TypeError",
                 fmt::format("{}() needs text, not '{}'", function_, PyTypeName(*value)));
}

Result<int64_t> PyBoundArguments::Integer(size_t parameter, int64_t otherwise) const {
  const PyValue* const value = values_[parameter];
  if (value == nullptr) return otherwise;
  if (value->is_int() || value->is_bool()) return value->as_int();
  if (value->kind() == PyValue::Kind::kBigInt) {
    return PyError("OverflowError", "Python int too large to convert to C ssize_t");
  }
  return PyError("TypeError", fmt::format("'{}' object cannot be interpreted as an integer",
                                          PyTypeName(*value)));
}

bool PyBoundArguments::Truth(size_t parameter, bool otherwise) const {
  return values_[parameter] == nullptr ? otherwise : PyTruthy(*values_[parameter]);
}

Status ChargeText(EvaluationBudget& budget, size_t bytes) {
  return budget.ChargeBytes(static_cast<int64_t>(std::min<size_t>(bytes, INT64_MAX / 2)));
}

Status ChargeItems(EvaluationBudget& budget, size_t items) {
  constexpr size_t kItemsMax = INT64_MAX / 64;
  const auto count = static_cast<int64_t>(std::min(items, kItemsMax));
  MR_RETURN_IF_ERROR(budget.ChargeSteps(count / 4 + 1));
  return budget.ChargeBytes(count * static_cast<int64_t>(sizeof(PyValue)));
}

}  // namespace millrace
