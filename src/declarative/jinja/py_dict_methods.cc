#include <fmt/format.h>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_hash.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_pairs.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

/// Of dicts and stream slices.
const PyDict& Members(const PyArguments& arguments) { return *MappingOf(arguments.positional[0]); }

Result<PyValue> Get(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("get", arguments, {"", "", ""}, 2));
  MR_RETURN_IF_ERROR(PyHashable(args.At(1)));
  if (const PyValue* found = Members(arguments).Find(args.At(1))) return *found;
  return args[2] == nullptr ? PyValue() : args.At(2);
}

/// What a view of the dict shows.
enum class Shown { kKeys, kValues, kItems };

PyList Show(const PyDict& dict, Shown shown) {
  PyList items;
  items.reserve(dict.size());
  for (const auto& [key, value] : dict) {
    items.push_back(shown == Shown::kKeys     ? key
                    : shown == Shown::kValues ? value
                                              : PyValue::Tuple({key, value}));
  }
  return items;
}

template <Shown shown>
Result<PyValue> View(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind("view", arguments, {""}, 1).status());
  static constexpr std::string_view kNames[] = {"dict_keys", "dict_values", "dict_items"};
  MR_RETURN_IF_ERROR(ChargeItems(budget, Members(arguments).size()));
  return PyDictView(Show(Members(arguments), shown), kNames[static_cast<int>(shown)]);
}

Result<PyValue> Copy(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind("copy", arguments, {""}, 1).status());
  MR_RETURN_IF_ERROR(ChargeItems(budget, 2 * Members(arguments).size()));
  return PyValue(PyDict(Members(arguments)));
}

Result<PyValue> Update(EvaluationBudget& budget, const PyArguments& arguments) {
  if (arguments.positional.size() > 2) {
    return PyError("TypeError", "update expected at most 1 argument");
  }
  std::vector<PyDict::Entry> more;
  if (arguments.positional.size() == 2) {
    MR_ASSIGN_OR_RETURN(more, PyPairsOf(arguments.positional[1]));
  }
  for (const auto& [name, value] : arguments.named) more.emplace_back(PyValue(name), value);
  PyDict& dict = arguments.positional[0].mutable_dict();
  MR_RETURN_IF_ERROR(ChargeItems(budget, 2 * more.size()));
  MR_RETURN_IF_ERROR(
      budget.ChargeSteps(static_cast<int64_t>(more.size() * (dict.size() + more.size()) / 64)));
  for (auto& [key, value] : more) {
    MR_RETURN_IF_ERROR(PyHashable(key));
    dict.Set(std::move(key), std::move(value));
  }
  return PyValue();
}

Result<PyValue> SetDefault(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("setdefault", arguments, {"", "", ""}, 2));
  MR_RETURN_IF_ERROR(PyHashable(args.At(1)));
  PyDict& dict = args.At(0).mutable_dict();
  if (const PyValue* found = std::as_const(dict).Find(args.At(1))) return *found;
  MR_RETURN_IF_ERROR(ChargeItems(budget, 2));
  PyValue value = args[2] == nullptr ? PyValue() : args.At(2);
  dict.Append(args.At(1), value);
  return value;
}

Result<PyValue> Pop(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("pop", arguments, {"", "", ""}, 2));
  MR_RETURN_IF_ERROR(PyHashable(args.At(1)));
  PyDict& dict = args.At(0).mutable_dict();
  const PyValue* const found = std::as_const(dict).Find(args.At(1));
  if (found == nullptr) {
    if (args[2] != nullptr) return args.At(2);
    return PyError("KeyError", PyRepr(args.At(1)));
  }
  PyValue value = *found;
  dict.Erase(args.At(1));
  return value;
}

Result<PyValue> PopItem(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("popitem", arguments, {""}, 1));
  PyDict& dict = args.At(0).mutable_dict();
  if (dict.empty()) return PyError("KeyError", "'popitem(): dictionary is empty'");
  auto [key, value] = *(dict.end() - 1);
  dict.Erase(key);
  return PyValue::Tuple({key, value});
}

Result<PyValue> Clear(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("clear", arguments, {""}, 1));
  args.At(0).mutable_dict().Clear();
  return PyValue();
}

Result<PyValue> FromKeys(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("fromkeys", arguments, {"", "", ""}, 2));
  MR_ASSIGN_OR_RETURN(const PyList keys, PyIterate(args.At(1)));
  MR_RETURN_IF_ERROR(ChargeItems(budget, 2 * keys.size()));
  std::vector<PyDict::Entry> members;
  for (const PyValue& key : keys) {
    members.emplace_back(key, args[2] == nullptr ? PyValue() : args.At(2));
  }
  MR_ASSIGN_OR_RETURN(PyDict dict, PyDictOf(std::move(members)));
  return PyValue(std::move(dict));
}

constexpr PyNamedFunction kDictMethods[] = {
    {"get", Get},
    {"keys", View<Shown::kKeys>},
    {"values", View<Shown::kValues>},
    {"items", View<Shown::kItems>},
    {"copy", Copy},
    {"update", Update},
    {"setdefault", SetDefault},
    {"pop", Pop},
    {"popitem", PopItem},
    {"clear", Clear},
    {"fromkeys", FromKeys},
};
// A slice is read-only.
constexpr PyNamedFunction kSliceMethods[] = {
    {"get", Get},
    {"keys", View<Shown::kKeys>},
    {"values", View<Shown::kValues>},
    {"items", View<Shown::kItems>},
};

}  // namespace

PyFunctionTable PyDictMethods() { return kDictMethods; }
PyFunctionTable PySliceMethods() { return kSliceMethods; }

}  // namespace millrace
