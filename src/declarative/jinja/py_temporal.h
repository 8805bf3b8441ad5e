#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

// What operators do with kDateTime, kDate, kTimeDelta and kDuration. Each is called when at least
// one operand is of those kinds.

inline bool IsTemporal(const PyValue& value) {
  return value.kind() >= PyValue::Kind::kDateTime && value.kind() <= PyValue::Kind::kDuration;
}

std::string TemporalRepr(const PyValue& value);
std::string TemporalStr(const PyValue& value);
bool TemporalTruthy(const PyValue& value);
bool TemporalEqual(const PyValue& a, const PyValue& b);
/// Below 0: a < b. A TypeError when the two don't compare (aware and naive, date and datetime, …).
Result<int> TemporalCompare(const PyValue& a, const PyValue& b);
Result<PyValue> TemporalBinary(PyBinaryOperator op, const PyValue& a, const PyValue& b);
Result<PyValue> TemporalNegative(const PyValue& value);

}  // namespace millrace
