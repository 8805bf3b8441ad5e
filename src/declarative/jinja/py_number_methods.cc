#include <bit>
#include <cmath>

#include "declarative/jinja/py_big_int.h"
#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

Result<PyValue> Itself(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind("conjugate", arguments, {""}, 1).status());
  const PyValue& value = arguments.positional[0];
  return value.is_bool() ? PyValue(value.as_int()) : value;
}

Result<PyValue> BitLength(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind("bit_length", arguments, {""}, 1).status());
  return PyValue(IntegerBits(arguments.positional[0]));
}

Result<PyValue> IntegerRatio(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind("as_integer_ratio", arguments, {""}, 1).status());
  return PyValue::Tuple({arguments.positional[0], PyValue(1)});
}

Result<PyValue> IsInteger(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind("is_integer", arguments, {""}, 1).status());
  const double value = arguments.positional[0].as_float();
  return PyValue(std::isfinite(value) && std::trunc(value) == value);
}

// An int has no is_integer() before Python 3.12.
constexpr PyNamedFunction kIntMethods[] = {
    {"conjugate", Itself}, {"bit_length", BitLength}, {"as_integer_ratio", IntegerRatio}};
constexpr PyNamedFunction kFloatMethods[] = {{"conjugate", Itself}, {"is_integer", IsInteger}};

}  // namespace

PyFunctionTable PyIntMethods() { return kIntMethods; }
PyFunctionTable PyFloatMethods() { return kFloatMethods; }

}  // namespace millrace
