#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "declarative/jinja/jinja_attribute_getter.h"
#include "declarative/jinja/jinja_lookup.h"
#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

/// list(value), charged.
Result<PyList> ItemsOf(EvaluationBudget& budget, const PyValue& value) {
  MR_ASSIGN_OR_RETURN(PyList items, PyIterate(value));
  MR_RETURN_IF_ERROR(ChargeItems(budget, items.size()));
  return items;
}

Result<PyValue> List(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("list", arguments, {"value"}, 1));
  MR_ASSIGN_OR_RETURN(PyList items, ItemsOf(budget, args.At(0)));
  return PyValue::List(std::move(items));
}

Result<PyValue> Length(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("length", arguments, {""}, 1));
  MR_ASSIGN_OR_RETURN(const int64_t length, PyLength(args.At(0)));
  return PyValue(length);
}

Result<PyValue> First(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("first", arguments, {"seq"}, 1));
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  return items.empty() ? PyValue::Undefined() : items.front();
}

/// Whether reversed(value) works.
bool Reversible(const PyValue& value) {
  if (value.kind() != PyValue::Kind::kObject) return value.kind() != PyValue::Kind::kSet;
  return OpaqueOf(value).type_name().starts_with("dict_");
}

Result<PyValue> Last(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("last", arguments, {"seq"}, 1));
  if (!Reversible(args.At(0))) {
    return PyError("TypeError",
                   fmt::format("'{}' object is not reversible", PyTypeName(args.At(0))));
  }
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  return items.empty() ? PyValue::Undefined() : items.back();
}

Result<PyValue> Random(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("random", arguments, {"seq"}, 1));
  MR_ASSIGN_OR_RETURN(const int64_t length, PyLength(args.At(0)));
  if (length == 0) return PyValue::Undefined();
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::uniform_int_distribution<int64_t> place(0, length - 1);
  return PySubscript(args.At(0), PyValue(place(random)));
}

Result<PyValue> Reverse(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("reverse", arguments, {"value"}, 1));
  const PyValue& value = args.At(0);
  if (value.is_str()) return PySlice(value, PyValue(), PyValue(), PyValue(-1));
  if (!PyIterable(value)) return PyError("FilterArgumentError", "argument must be iterable");
  MR_ASSIGN_OR_RETURN(PyList items, ItemsOf(budget, value));
  std::reverse(items.begin(), items.end());
  if (!Reversible(value)) return PyValue::List(std::move(items));
  return PyIterator(std::move(items), "list_reverseiterator");
}

Result<PyValue> Join(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("join", arguments, {"value", "d", "attribute"}, 1));
  const JinjaAttributeGetter getter(args[2]);
  const std::string separator = args[1] == nullptr ? "" : PyStr(args.At(1));
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    MR_ASSIGN_OR_RETURN(const PyValue item, getter.Get(items[i]));
    const size_t before = text.size();
    if (i > 0) text += separator;
    AppendPyStr(item, &text);
    MR_RETURN_IF_ERROR(ChargeText(budget, text.size() - before));
  }
  return PyValue(std::move(text));
}

Result<PyValue> Default(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("default", arguments, {"value", "default_value", "boolean"}, 1));
  const PyValue& value = args.At(0);
  const bool missing = value.is_undefined() || (args.Truth(2, false) && !PyTruthy(value));
  if (!missing) return value;
  return args[1] == nullptr ? PyValue("") : args.At(1);
}

Result<PyValue> Items(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("items", arguments, {"value"}, 1));
  if (args.At(0).is_undefined()) return PyIterator({});
  const PyDict* const dict = MappingOf(args.At(0));
  if (dict == nullptr) return PyError("TypeError", "Can only get item pairs from a mapping.");
  MR_RETURN_IF_ERROR(ChargeItems(budget, 2 * dict->size()));
  PyList pairs;
  for (const auto& [key, value] : *dict) pairs.push_back(PyValue::Tuple({key, value}));
  return PyIterator(std::move(pairs));
}

Result<PyValue> Batch(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("batch", arguments, {"value", "linecount", "fill_with"}, 2));
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  MR_ASSIGN_OR_RETURN(const int64_t size, args.Integer(1));
  PyList batches, batch;
  bool first = true;
  for (const PyValue& item : items) {
    // A batch of 0 is there at the very start only.
    if (static_cast<int64_t>(batch.size()) == size && (!first || size == 0)) {
      batches.push_back(PyValue::List(std::exchange(batch, {})));
    }
    first = false;
    batch.push_back(item);
  }
  if (!batch.empty()) {
    const int64_t missing = size - static_cast<int64_t>(batch.size());
    if (!args.IsNone(2) && missing > 0) {
      MR_RETURN_IF_ERROR(ChargeItems(budget, static_cast<size_t>(missing)));
      batch.insert(batch.end(), static_cast<size_t>(missing), args.At(2));
    }
    batches.push_back(PyValue::List(std::move(batch)));
  }
  return PyIterator(std::move(batches));
}

Result<PyValue> Slice(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("slice", arguments, {"value", "slices", "fill_with"}, 2));
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  MR_ASSIGN_OR_RETURN(const int64_t count, args.Integer(1));
  if (count == 0) return PyError("ZeroDivisionError", "integer division or modulo by zero");
  PyList slices;
  if (count < 0) return PyIterator({});
  MR_RETURN_IF_ERROR(
      ChargeItems(budget, 4 * static_cast<size_t>(std::min<int64_t>(count, 1 << 30))));
  const auto size = static_cast<int64_t>(items.size());
  int64_t start = 0;
  for (int64_t i = 0; i < count; ++i) {
    const bool longer = i < size % count;
    const int64_t end = start + size / count + (longer ? 1 : 0);
    PyList slice(items.begin() + start, items.begin() + end);
    if (!args.IsNone(2) && !longer) slice.push_back(args.At(2));
    slices.push_back(PyValue::List(std::move(slice)));
    start = end;
  }
  return PyIterator(std::move(slices));
}

/// Attributes only, no items.
Result<PyValue> Attr(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("attr", arguments, {"obj", "name"}, 2));
  MR_ASSIGN_OR_RETURN(const std::string_view name, args.Text(1));
  const PyValue& object = args.At(0);
  if (object.is_undefined()) return UseOfUndefined(object);
  if (object.is_dict() && FindPyMethod(object.kind(), name) == nullptr) {
    return PyValue::Undefined();
  }
  return JinjaAttribute(object, name);
}

Result<PyValue> Sum(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("sum", arguments, {"iterable", "attribute", "start"}, 1));
  const JinjaAttributeGetter getter(args[1]);
  PyValue sum = args[2] == nullptr ? PyValue(0) : args.At(2);
  if (sum.is_str() || sum.kind() == PyValue::Kind::kBytes) {
    return PyError("TypeError", "sum() can't sum strings [use ''.join(seq) instead]");
  }
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  for (const PyValue& each : items) {
    MR_ASSIGN_OR_RETURN(const PyValue item, getter.Get(each));
    const int64_t cost = PyBinaryCost(PyBinaryOperator::kAdd, sum, item);
    MR_RETURN_IF_ERROR(budget.ChargeBytes(std::min<int64_t>(cost, INT64_MAX / 32) * 16));
    MR_ASSIGN_OR_RETURN(sum, PyBinary(PyBinaryOperator::kAdd, sum, item));
  }
  return sum;
}

constexpr PyNamedFunction kFilters[] = {
    {"list", List},       {"length", Length}, {"count", Length},    {"first", First},
    {"last", Last},       {"random", Random}, {"reverse", Reverse}, {"join", Join},
    {"default", Default}, {"d", Default},     {"items", Items},     {"batch", Batch},
    {"slice", Slice},     {"attr", Attr},     {"sum", Sum},
};

}  // namespace

PyFunctionTable JinjaListFilters() { return kFilters; }

}  // namespace millrace
