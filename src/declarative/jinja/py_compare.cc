#include <cmath>
#include <optional>

#include "declarative/jinja/py_big_int.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"
#include "declarative/jinja/py_temporal.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

bool IsInteger(const PyValue& value) {
  return value.is_bool() || value.is_int() || value.kind() == Kind::kBigInt;
}
bool IsNumber(const PyValue& value) { return value.is_float() || IsInteger(value); }

/// An integer against a float, exactly; none: it's not a number.
std::optional<int> CompareWithFloat(const PyValue& integer, double real) {
  if (std::isnan(real)) return std::nullopt;
  if (std::isinf(real)) return real > 0 ? -1 : 1;
  const int whole = CompareIntegers(integer, PyIntFromFloat(real));
  if (whole != 0) return whole;
  const double fraction = real - std::trunc(real);
  return fraction > 0 ? -1 : fraction < 0;
}

std::optional<int> CompareNumbers(const PyValue& a, const PyValue& b) {
  if (a.is_float() && b.is_float()) {
    const double x = a.as_float(), y = b.as_float();
    if (std::isnan(x) || std::isnan(y)) return std::nullopt;
    return x < y ? -1 : x > y;
  }
  if (a.is_float()) {
    const std::optional<int> reversed = CompareWithFloat(b, a.as_float());
    return reversed ? std::optional(-*reversed) : std::nullopt;
  }
  return b.is_float() ? CompareWithFloat(a, b.as_float()) : CompareIntegers(a, b);
}

bool EqualAt(const PyValue& a, const PyValue& b, int depth);

/// How containers compare what they hold.
bool SameItem(const PyValue& a, const PyValue& b, int depth) {
  return a.Is(b) || EqualAt(a, b, depth);
}

bool EqualItems(const PyList& a, const PyList& b, int depth) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!SameItem(a[i], b[i], depth)) return false;
  }
  return true;
}

bool EqualDicts(const PyDict& a, const PyDict& b, int depth) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a) {
    const PyValue* other = b.Find(key);
    if (other == nullptr || !SameItem(value, *other, depth)) return false;
  }
  return true;
}

bool HoldsAll(const PyList& set, const PyList& items) {
  for (const PyValue& item : items) {
    bool found = false;
    for (const PyValue& there : set) found = found || SameItem(there, item, 0);
    if (!found) return false;
  }
  return true;
}

bool EqualAt(const PyValue& a, const PyValue& b, int depth) {
  if (depth > kPyDepthMax) return false;
  if (IsNumber(a)) return IsNumber(b) && CompareNumbers(a, b) == 0;
  if (IsTemporal(a) || IsTemporal(b)) return TemporalEqual(a, b);
  const PyDict* mapping = MappingOf(a);
  if (mapping != nullptr) {
    const PyDict* other = MappingOf(b);
    return other != nullptr && EqualDicts(*mapping, *other, depth + 1);
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kStr:
    case Kind::kBytes:
      return a.str() == b.str();
    case Kind::kList:
    case Kind::kTuple:
      return EqualItems(a.items(), b.items(), depth + 1);
    case Kind::kSet:
      return a.items().size() == b.items().size() && HoldsAll(a.items(), b.items());
    case Kind::kUndefined:
      return true;
    default:
      return a.Is(b);
  }
}

enum class Order { kLess, kLessOrEqual };

Status NotOrdered(const PyValue& a, const PyValue& b) {
  return PyError("TypeError", fmt::format("'<' not supported between instances of '{}' and '{}'",
                                          PyTypeName(a), PyTypeName(b)));
}

bool Holds(Order order, int comparison) {
  return order == Order::kLess ? comparison < 0 : comparison <= 0;
}

Result<bool> Ordered(Order order, const PyValue& a, const PyValue& b, int depth) {
  if (a.is_undefined() || b.is_undefined()) return UseOfUndefined(a.is_undefined() ? a : b);
  if (IsNumber(a) && IsNumber(b)) {
    const std::optional<int> comparison = CompareNumbers(a, b);
    return comparison && Holds(order, *comparison);
  }
  if (IsTemporal(a) || IsTemporal(b)) {
    MR_ASSIGN_OR_RETURN(const int comparison, TemporalCompare(a, b));
    return Holds(order, comparison);
  }
  if (a.kind() != b.kind() || depth > kPyDepthMax) return NotOrdered(a, b);
  switch (a.kind()) {
    case Kind::kStr:
    case Kind::kBytes:  // the order of UTF-8's bytes is that of the characters
      return Holds(order, a.str().compare(b.str()));
    case Kind::kSet:
      return HoldsAll(b.items(), a.items()) &&
             (order == Order::kLessOrEqual || a.items().size() < b.items().size());
    case Kind::kList:
    case Kind::kTuple: {
      const PyList &x = a.items(), &y = b.items();
      for (size_t i = 0; i < x.size() && i < y.size(); ++i) {
        if (!SameItem(x[i], y[i], depth + 1)) return Ordered(order, x[i], y[i], depth + 1);
      }
      return order == Order::kLess ? x.size() < y.size() : x.size() <= y.size();
    }
    default:
      return NotOrdered(a, b);
  }
}

}  // namespace

Status UseOfUndefined(const PyValue& undefined) {
  if (undefined.is_hidden()) return PyError("SecurityError", "access to it is unsafe");
  return PyError("UndefinedError", "a value that the template uses is undefined");
}

std::string_view PyTypeName(const PyValue& value) {
  static constexpr std::string_view kNames[] = {
      "NoneType", "bool",     "int",   "float",     "ellipsis", "Undefined",
      "int",      "str",      "bytes", "list",      "tuple",    "dict",
      "set",      "datetime", "date",  "timedelta", "Duration", "StreamSlice"};
  if (value.kind() == Kind::kObject) return OpaqueOf(value).type_name();
  return value.is_markup() ? "Markup" : kNames[static_cast<int>(value.kind())];
}

bool PyTruthy(const PyValue& value) {
  switch (value.kind()) {
    case Kind::kNone:
    case Kind::kUndefined:
      return false;
    case Kind::kBool:
    case Kind::kInt:
      return value.as_int() != 0;
    case Kind::kFloat:
      return value.as_float() != 0;
    case Kind::kStr:
    case Kind::kBytes:
      return !value.str().empty();
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kSet:
      return !value.items().empty();
    case Kind::kDict:
      return !value.dict().empty();
    case Kind::kSlice:
      return !MappingOf(value)->empty() || PyTruthy(StreamSliceOf(value).extra_fields);
    case Kind::kObject:
      return OpaqueOf(value).truthy();
    default:
      return IsTemporal(value) ? TemporalTruthy(value) : true;
  }
}

bool PyEqual(const PyValue& a, const PyValue& b) { return EqualAt(a, b, 0); }
Result<bool> PyLess(const PyValue& a, const PyValue& b) { return Ordered(Order::kLess, a, b, 0); }
Result<bool> PyLessOrEqual(const PyValue& a, const PyValue& b) {
  return Ordered(Order::kLessOrEqual, a, b, 0);
}

Status PyHashable(const PyValue& value) {
  if (value.is_list() || value.is_dict() || value.kind() == Kind::kSet) {
    return PyError("TypeError", fmt::format("unhashable type: '{}'", PyTypeName(value)));
  }
  if (value.is_tuple()) {
    for (const PyValue& item : value.items()) MR_RETURN_IF_ERROR(PyHashable(item));
  }
  return Status::Ok();
}

}  // namespace millrace
