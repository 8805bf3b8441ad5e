#include <fmt/format.h>

#include <algorithm>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_sort.h"

namespace millrace {
namespace {

Result<PyValue> Append(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("append", arguments, {"", ""}, 2));
  MR_RETURN_IF_ERROR(ChargeItems(budget, 1));
  args.At(0).mutable_items().push_back(args.At(1));
  return PyValue();
}

Result<PyValue> Extend(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("extend", arguments, {"", ""}, 2));
  MR_ASSIGN_OR_RETURN(const PyList more, PyIterate(args.At(1)));
  MR_RETURN_IF_ERROR(ChargeItems(budget, more.size()));
  PyList& items = args.At(0).mutable_items();
  items.insert(items.end(), more.begin(), more.end());
  return PyValue();
}

Result<PyValue> Insert(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("insert", arguments, {"", "", ""}, 3));
  MR_ASSIGN_OR_RETURN(int64_t index, args.Integer(1));
  PyList& items = args.At(0).mutable_items();
  MR_RETURN_IF_ERROR(budget.ChargeSteps(static_cast<int64_t>(items.size() / 64 + 1)));
  MR_RETURN_IF_ERROR(ChargeItems(budget, 1));
  const auto size = static_cast<int64_t>(items.size());
  index = std::clamp<int64_t>(index < 0 ? index + size : index, 0, size);
  items.insert(items.begin() + index, args.At(2));
  return PyValue();
}

Result<PyValue> Pop(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("pop", arguments, {"", ""}, 1));
  MR_ASSIGN_OR_RETURN(int64_t index, args.Integer(1, -1));
  PyList& items = args.At(0).mutable_items();
  if (items.empty()) return PyError("IndexError", "pop from empty list");
  const auto size = static_cast<int64_t>(items.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) return PyError("IndexError", "pop index out of range");
  PyValue item = std::move(items[static_cast<size_t>(index)]);
  items.erase(items.begin() + index);
  return item;
}

/// Where the item stands; npos: nowhere.
Result<size_t> IndexOf(EvaluationBudget& budget, const PyList& items, const PyValue& item,
                       size_t start, size_t end) {
  MR_RETURN_IF_ERROR(budget.ChargeSteps(static_cast<int64_t>(items.size() / 16 + 1)));
  for (size_t i = start; i < std::min(end, items.size()); ++i) {
    if (items[i].Is(item) || PyEqual(items[i], item)) return i;
  }
  return std::string::npos;
}

Result<PyValue> Index(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("index", arguments, {"", "", "", ""}, 2));
  const PyList& items = args.At(0).items();
  const auto size = static_cast<int64_t>(items.size());
  MR_ASSIGN_OR_RETURN(int64_t start, args.Integer(2, 0));
  MR_ASSIGN_OR_RETURN(int64_t end, args.Integer(3, size));
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  MR_ASSIGN_OR_RETURN(
      const size_t index,
      IndexOf(budget, items, args.At(1), static_cast<size_t>(start), static_cast<size_t>(end)));
  if (index == std::string::npos) {
    return PyError("ValueError", fmt::format("{} is not in list", PyRepr(args.At(1))));
  }
  return PyValue(static_cast<int64_t>(index));
}

Result<PyValue> Count(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("count", arguments, {"", ""}, 2));
  const PyList& items = args.At(0).items();
  MR_RETURN_IF_ERROR(budget.ChargeSteps(static_cast<int64_t>(items.size() / 16 + 1)));
  return PyValue(
      static_cast<int64_t>(std::count_if(items.begin(), items.end(), [&](const PyValue& item) {
        return item.Is(args.At(1)) || PyEqual(item, args.At(1));
      })));
}

Result<PyValue> Remove(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("remove", arguments, {"", ""}, 2));
  PyList& items = args.At(0).mutable_items();
  MR_ASSIGN_OR_RETURN(const size_t index, IndexOf(budget, items, args.At(1), 0, items.size()));
  if (index == std::string::npos) {
    return PyError("ValueError", "list.remove(x): x not in list");
  }
  items.erase(items.begin() + static_cast<ptrdiff_t>(index));
  return PyValue();
}

Result<PyValue> Reverse(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("reverse", arguments, {""}, 1));
  PyList& items = args.At(0).mutable_items();
  MR_RETURN_IF_ERROR(budget.ChargeSteps(static_cast<int64_t>(items.size() / 16 + 1)));
  std::reverse(items.begin(), items.end());
  return PyValue();
}

Result<PyValue> Sort(EvaluationBudget& budget, const PyArguments& arguments) {
  if (arguments.positional.size() > 1) {
    return PyError("TypeError", "sort() takes no positional arguments");
  }
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("sort", arguments, {"", "key", "reverse"}, 1));
  PyList keys = args.At(0).items();
  if (!args.IsNone(1)) {
    for (PyValue& key : keys) {
      MR_ASSIGN_OR_RETURN(key, PyCall(budget, args.At(1), {{key}, {}}));
    }
  }
  MR_ASSIGN_OR_RETURN(PyList sorted,
                      PySorted(budget, args.At(0).items(), keys, args.Truth(2, false)));
  args.At(0).mutable_items() = std::move(sorted);
  return PyValue();
}

Result<PyValue> Clear(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("clear", arguments, {""}, 1));
  args.At(0).mutable_items().clear();
  return PyValue();
}

Result<PyValue> Copy(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("copy", arguments, {""}, 1));
  MR_RETURN_IF_ERROR(ChargeItems(budget, args.At(0).items().size()));
  return PyValue::List(args.At(0).items());
}

constexpr PyNamedFunction kListMethods[] = {
    {"append", Append}, {"extend", Extend}, {"insert", Insert}, {"pop", Pop},
    {"index", Index},   {"count", Count},   {"remove", Remove}, {"reverse", Reverse},
    {"sort", Sort},     {"clear", Clear},   {"copy", Copy},
};
constexpr PyNamedFunction kTupleMethods[] = {{"index", Index}, {"count", Count}};

}  // namespace

PyFunctionTable PyListMethods() { return kListMethods; }
PyFunctionTable PyTupleMethods() { return kTupleMethods; }

}  // namespace millrace
