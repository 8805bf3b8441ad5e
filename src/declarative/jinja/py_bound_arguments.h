#pragma once

#include <array>
#include <initializer_list>
#include <string_view>

#include "declarative/jinja/py_function.h"

namespace millrace {

/// The arguments of one call, put to a function's parameters. Refers to the PyArguments.
class PyBoundArguments {
 public:
  static constexpr size_t kParametersMax = 9;

  /// `parameters` in order; an empty name can only be given by place. A TypeError: one of the first
  /// `required` is missing, one is given twice, or there are more.
  static Result<PyBoundArguments> Bind(std::string_view function, const PyArguments& arguments,
                                       std::initializer_list<std::string_view> parameters,
                                       size_t required);

  /// Null when it wasn't given.
  const PyValue* operator[](size_t parameter) const { return values_[parameter]; }
  /// Requires that it was given.
  const PyValue& At(size_t parameter) const { return *values_[parameter]; }

  // TypeErrors when the argument is of another kind. `otherwise`: when it wasn't given.
  Result<std::string_view> Text(size_t parameter, std::string_view otherwise = {}) const;
  Result<int64_t> Integer(size_t parameter, int64_t otherwise = 0) const;
  bool Truth(size_t parameter, bool otherwise) const;
  /// Not given, or None.
  bool IsNone(size_t parameter) const {
    return values_[parameter] == nullptr || values_[parameter]->is_none();
  }

 private:
  std::string_view function_;
  std::array<const PyValue*, kParametersMax> values_{};
};

/// Charges the budget for text of that size that is about to be made.
Status ChargeText(EvaluationBudget& budget, size_t bytes);
/// The same for so many items.
Status ChargeItems(EvaluationBudget& budget, size_t items);

}  // namespace millrace
