#include <algorithm>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_hash.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

PyValueSet SetOf(const PyList& items) { return PyValueSet(items.begin(), items.end()); }

/// The other operand's items, hashable ones.
Result<PyList> Other(EvaluationBudget& budget, const PyBoundArguments& args) {
  MR_ASSIGN_OR_RETURN(const PyList items, PyIterate(args.At(1)));
  MR_RETURN_IF_ERROR(ChargeItems(budget, items.size() + args.At(0).items().size()));
  return PyUniqueItems(items);
}

enum class Operation {
  kUnion,
  kIntersection,
  kDifference,
  kSymmetric,
  kSubset,
  kSuperset,
  kDisjoint
};

template <Operation operation>
Result<PyValue> Combine(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("set method", arguments, {"", ""}, 2));
  const PyList& mine = args.At(0).items();
  MR_ASSIGN_OR_RETURN(const PyList theirs, Other(budget, args));
  const PyValueSet my_set = SetOf(mine), their_set = SetOf(theirs);
  const auto among = [](const PyValueSet& set) {
    return [&set](const PyValue& item) { return set.contains(item); };
  };
  if (operation == Operation::kSubset) {
    return PyValue(std::all_of(mine.begin(), mine.end(), among(their_set)));
  }
  if (operation == Operation::kSuperset) {
    return PyValue(std::all_of(theirs.begin(), theirs.end(), among(my_set)));
  }
  if (operation == Operation::kDisjoint) {
    return PyValue(std::none_of(theirs.begin(), theirs.end(), among(my_set)));
  }
  PyList result;
  for (const PyValue& item : mine) {
    const bool shared = their_set.contains(item);
    if (operation == Operation::kUnion || shared == (operation == Operation::kIntersection)) {
      result.push_back(item);
    }
  }
  for (const PyValue& item : theirs) {
    if ((operation == Operation::kUnion || operation == Operation::kSymmetric) &&
        !my_set.contains(item)) {
      result.push_back(item);
    }
  }
  return PyValue::Set(std::move(result));
}

Result<PyValue> Add(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("add", arguments, {"", ""}, 2));
  MR_ASSIGN_OR_RETURN(const bool there, PyContains(args.At(0), args.At(1)));
  const PyList& items = args.At(0).items();
  MR_RETURN_IF_ERROR(budget.ChargeSteps(static_cast<int64_t>(items.size() / 16 + 1)));
  if (!there) args.At(0).mutable_items().push_back(args.At(1));
  return PyValue();
}

Result<PyValue> Discard(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("discard", arguments, {"", ""}, 2));
  MR_RETURN_IF_ERROR(PyHashable(args.At(1)));
  PyList& items = args.At(0).mutable_items();
  std::erase_if(items, [&](const PyValue& item) { return PyEqual(item, args.At(1)); });
  return PyValue();
}

constexpr PyNamedFunction kMethods[] = {
    {"union", Combine<Operation::kUnion>},
    {"intersection", Combine<Operation::kIntersection>},
    {"difference", Combine<Operation::kDifference>},
    {"symmetric_difference", Combine<Operation::kSymmetric>},
    {"issubset", Combine<Operation::kSubset>},
    {"issuperset", Combine<Operation::kSuperset>},
    {"isdisjoint", Combine<Operation::kDisjoint>},
    {"add", Add},
    {"discard", Discard},
};

}  // namespace

PyFunctionTable PySetMethods() { return kMethods; }

}  // namespace millrace
