#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// What bounds one evaluation, and the clock that its macros read. Every step of the evaluator and
/// every piece of text or list that is made is charged; when it is used up, evaluation fails.
class EvaluationBudget {
 public:
  static constexpr int64_t kStepsMax = 5'000'000;
  static constexpr int64_t kBytesMax = 64 << 20;

  explicit EvaluationBudget(const Clock& clock) : clock_(clock) {}
  const Clock& clock() const { return clock_; }
  Status ChargeSteps(int64_t steps);
  Status ChargeBytes(int64_t bytes);

 private:
  const Clock& clock_;
  int64_t steps_ = 0, bytes_ = 0;
};

/// Of a call: positional, then named.
struct PyArguments {
  std::vector<PyValue> positional;
  std::vector<std::pair<std::string, PyValue>> named;

  /// The one of that place or name; null when it wasn't given.
  const PyValue* Get(size_t position, std::string_view name) const;
};

using PyFunction = Result<PyValue> (*)(EvaluationBudget& budget, const PyArguments& arguments);

// The tables of what templates can call. Filters and tests get the value they are applied to as
// their first argument. Null: there is none of that name.
PyFunction FindJinjaFilter(std::string_view name);
PyFunction FindJinjaTest(std::string_view name);
PyFunction FindJinjaGlobal(std::string_view name);

/// A method of a value ("split" of text, "items" of a dict); null when its kind has none such. The
/// receiver is the first argument.
PyFunction FindPyMethod(PyValue::Kind receiver, std::string_view name);
/// An attribute that is no method: a datetime's year, a timedelta's days, a slice's partition.
/// Undefined when there is none.
PyValue PyAttribute(const PyValue& receiver, std::string_view name);

}  // namespace millrace
