#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

/// A test of the value alone.
template <bool (*Holds)(const PyValue&)>
Result<PyValue> Is(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("test", arguments, {"value"}, 1));
  return PyValue(Holds(args.At(0)));
}

bool IsDefined(const PyValue& value) { return !value.is_undefined(); }
bool IsUndefined(const PyValue& value) { return value.is_undefined(); }
bool IsNone(const PyValue& value) { return value.is_none(); }
bool IsBoolean(const PyValue& value) { return value.is_bool(); }
bool IsTrue(const PyValue& value) { return value.is_bool() && value.as_bool(); }
bool IsFalse(const PyValue& value) { return value.is_bool() && !value.as_bool(); }
bool IsInteger(const PyValue& value) { return value.is_int() || value.kind() == Kind::kBigInt; }
bool IsFloat(const PyValue& value) { return value.is_float(); }
bool IsString(const PyValue& value) { return value.is_str(); }
bool IsMapping(const PyValue& value) { return MappingOf(value) != nullptr; }
bool IsEscaped(const PyValue& value) { return value.is_markup(); }
bool IsCallable(const PyValue& value) { return PyCallable(value) || value.is_undefined(); }
bool IsSequence(const PyValue& value) {
  return value.is_str() || value.kind() == Kind::kBytes || value.is_list() || value.is_tuple() ||
         value.is_undefined() || IsMapping(value);
}

/// value % divisor == wanted.
Result<PyValue> Remainder(const PyValue& value, const PyValue& divisor, int wanted) {
  MR_ASSIGN_OR_RETURN(const PyValue rest, PyBinary(PyBinaryOperator::kMod, value, divisor));
  return PyValue(PyEqual(rest, PyValue(wanted)));
}
template <int wanted>
Result<PyValue> Parity(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("test", arguments, {"value"}, 1));
  return Remainder(args.At(0), PyValue(2), wanted);
}
Result<PyValue> DivisibleBy(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("divisibleby", arguments, {"value", "num"}, 2));
  return Remainder(args.At(0), args.At(1), 0);
}

/// A test of str(value) by a method of text.
Result<PyValue> TextIs(EvaluationBudget& budget, const PyArguments& arguments,
                       std::string_view method) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("test", arguments, {"value"}, 1));
  return FindPyMethod(Kind::kStr, method)(budget, {{PyValue(PyStr(args.At(0)))}, {}});
}
Result<PyValue> IsLower(EvaluationBudget& budget, const PyArguments& arguments) {
  return TextIs(budget, arguments, "islower");
}
Result<PyValue> IsUpper(EvaluationBudget& budget, const PyArguments& arguments) {
  return TextIs(budget, arguments, "isupper");
}

Result<PyBoundArguments> Two(const PyArguments& arguments) {
  return PyBoundArguments::Bind("test", arguments, {"", ""}, 2);
}
Result<PyValue> Equal(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args, Two(arguments));
  return PyValue(PyEqual(args.At(0), args.At(1)));
}
Result<PyValue> NotEqual(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args, Two(arguments));
  return PyValue(!PyEqual(args.At(0), args.At(1)));
}
/// `swapped`: b OP a.
template <Result<bool> (*Compare)(const PyValue&, const PyValue&), bool swapped>
Result<PyValue> Compared(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args, Two(arguments));
  MR_ASSIGN_OR_RETURN(const bool holds,
                      Compare(args.At(swapped ? 1 : 0), args.At(swapped ? 0 : 1)));
  return PyValue(holds);
}

Result<PyValue> SameAs(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("sameas", arguments, {"value", "other"}, 2));
  return PyValue(args.At(0).Is(args.At(1)));
}
Result<PyValue> In(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("in", arguments, {"value", "seq"}, 2));
  MR_ASSIGN_OR_RETURN(const bool in, PyContains(args.At(1), args.At(0)));
  return PyValue(in);
}

/// Whether there is a filter or test of that name.
template <PyFunction (*Find)(std::string_view)>
Result<PyValue> Exists(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("test", arguments, {"value"}, 1));
  MR_RETURN_IF_ERROR(PyHashable(args.At(0)));
  return PyValue(args.At(0).is_str() && Find(args.At(0).str()) != nullptr);
}

constexpr PyNamedFunction kTests[] = {
    {"defined", Is<IsDefined>},
    {"undefined", Is<IsUndefined>},
    {"none", Is<IsNone>},
    {"boolean", Is<IsBoolean>},
    {"true", Is<IsTrue>},
    {"false", Is<IsFalse>},
    {"integer", Is<IsInteger>},
    {"float", Is<IsFloat>},
    {"number", Is<PyIsNumber>},
    {"string", Is<IsString>},
    {"mapping", Is<IsMapping>},
    {"sequence", Is<IsSequence>},
    {"iterable", Is<PyIterable>},
    {"callable", Is<IsCallable>},
    {"escaped", Is<IsEscaped>},
    {"odd", Parity<1>},
    {"even", Parity<0>},
    {"divisibleby", DivisibleBy},
    {"lower", IsLower},
    {"upper", IsUpper},
    {"sameas", SameAs},
    {"in", In},
    {"filter", Exists<FindJinjaFilter>},
    {"test", Exists<FindJinjaTest>},
    {"==", Equal},
    {"eq", Equal},
    {"equalto", Equal},
    {"!=", NotEqual},
    {"ne", NotEqual},
    {">", Compared<PyLess, true>},
    {"gt", Compared<PyLess, true>},
    {"greaterthan", Compared<PyLess, true>},
    {">=", Compared<PyLessOrEqual, true>},
    {"ge", Compared<PyLessOrEqual, true>},
    {"<", Compared<PyLess, false>},
    {"lt", Compared<PyLess, false>},
    {"lessthan", Compared<PyLess, false>},
    {"<=", Compared<PyLessOrEqual, false>},
    {"le", Compared<PyLessOrEqual, false>},
};

}  // namespace

PyFunctionTable JinjaTests() { return kTests; }

}  // namespace millrace
