#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

// What Python's built-in functions and operators do with values. Failures are PyErrors: TypeError
// where Python says so, UndefinedError where an Undefined is used for more than printing.

/// repr() and str(). A container within itself prints as "[...]"; so does what lies deeper than
/// kPyDepthMax.
std::string PyRepr(const PyValue& value);
std::string PyStr(const PyValue& value);
void AppendPyRepr(const PyValue& value, std::string* text);
void AppendPyStr(const PyValue& value, std::string* text);
/// What repr() gives for a float or for text.
void AppendFloatRepr(double value, std::string* text);
void AppendTextRepr(std::string_view value, std::string* text);
/// With &, <, >, ' and " as HTML writes them.
void AppendHtmlEscaped(std::string_view value, std::string* text);
inline constexpr int kPyDepthMax = 400;

/// The failure of using an Undefined: UndefinedError, or SecurityError for what the sandbox hides.
Status UseOfUndefined(const PyValue& undefined);

/// type(value).__name__.
std::string_view PyTypeName(const PyValue& value);

bool PyTruthy(const PyValue& value);
/// ==; values of kinds that don't compare are unequal.
bool PyEqual(const PyValue& a, const PyValue& b);
/// a < b, a <= b.
Result<bool> PyLess(const PyValue& a, const PyValue& b);
Result<bool> PyLessOrEqual(const PyValue& a, const PyValue& b);
/// Ok when the value can be a dict's key or a set's item.
Status PyHashable(const PyValue& value);

/// A bool, int, kBigInt or float.
bool PyIsNumber(const PyValue& value);

/// a OP b; `%` formats text, too.
enum class PyBinaryOperator : uint8_t { kAdd, kSub, kMul, kDiv, kFloorDiv, kMod, kPow };
Result<PyValue> PyBinary(PyBinaryOperator op, const PyValue& a, const PyValue& b);
Result<PyValue> PyNegative(const PyValue& value);
Result<PyValue> PyPositive(const PyValue& value);
/// How long the text or list that `a OP b` makes may be: bytes or items; for budgets.
int64_t PyBinaryCost(PyBinaryOperator op, const PyValue& a, const PyValue& b);

/// format % arguments, for text.
Result<PyValue> PyPercentFormat(std::string_view format, const PyValue& arguments);

/// item in container.
Result<bool> PyContains(const PyValue& container, const PyValue& item);
Result<int64_t> PyLength(const PyValue& value);
/// The items that iterating over it gives: characters of text, keys of a dict. Uses up iterators.
Result<PyList> PyIterate(const PyValue& value);
/// Whether iter(value) works.
bool PyIterable(const PyValue& value);

/// value[key]: TypeError, IndexError or KeyError when there is no such item.
Result<PyValue> PySubscript(const PyValue& value, const PyValue& key);
/// value[start:stop:step]; None for what is left out.
Result<PyValue> PySlice(const PyValue& value, const PyValue& start, const PyValue& stop,
                        const PyValue& step);

/// The text of a Python int of any size as a value: digits of `base` (2, 8, 10, 16), maybe a sign;
/// nothing else, and at least one digit.
PyValue PyIntFromText(std::string_view digits, int base = 10);
/// int(value) of a finite float, truncated.
PyValue PyIntFromFloat(double value);
/// A bool, int or kBigInt as a double: inf when too large.
double PyIntToDouble(const PyValue& value);

}  // namespace millrace
