// Filters that look into each item: what chooses, maps, orders and groups.
#include <fmt/format.h>

#include "declarative/jinja/jinja_attribute_getter.h"
#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_case.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_hash.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_sort.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

Result<PyList> ItemsOf(EvaluationBudget& budget, const PyValue& value) {
  MR_ASSIGN_OR_RETURN(PyList items, PyIterate(value));
  MR_RETURN_IF_ERROR(ChargeItems(budget, items.size()));
  return items;
}

/// The keys of all items.
Result<PyList> KeysOf(const PyList& items, const JinjaAttributeGetter& getter) {
  PyList keys;
  keys.reserve(items.size());
  for (const PyValue& item : items) {
    MR_ASSIGN_OR_RETURN(keys.emplace_back(), getter.Get(item));
  }
  return keys;
}

/// A filter or test by its name, with what it is called with besides the item.
struct NamedCall {
  PyFunction function = nullptr;
  PyArguments arguments;  // the first is the item's place

  Result<PyValue> operator()(EvaluationBudget& budget, const PyValue& item) {
    arguments.positional[0] = item;
    return function(budget, arguments);
  }
};

Result<NamedCall> CallOf(const PyArguments& arguments, size_t name_at, bool filter) {
  const PyValue& name = arguments.positional[name_at];
  NamedCall call;
  if (name.is_str()) {
    call.function = filter ? FindJinjaFilter(name.str()) : FindJinjaTest(name.str());
  }
  if (call.function == nullptr) {
    return PyError("TemplateRuntimeError",
                   fmt::format("No {} named {}.", filter ? "filter" : "test", PyRepr(name)));
  }
  call.arguments = {{PyValue()}, arguments.named};
  call.arguments.positional.insert(
      call.arguments.positional.end(),
      arguments.positional.begin() + static_cast<ptrdiff_t>(name_at) + 1,
      arguments.positional.end());
  return call;
}

Result<PyValue> MapAttribute(EvaluationBudget& budget, const PyArguments& arguments) {
  for (const auto& [name, value] : arguments.named) {
    if (name == "attribute" || name == "default") continue;
    return PyError("FilterArgumentError", fmt::format("Unexpected keyword argument '{}'", name));
  }
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, arguments.positional[0]));
  const JinjaAttributeGetter getter(arguments.Get(9, "attribute"), /*ignore_case=*/false,
                                    arguments.Get(9, "default"));
  MR_ASSIGN_OR_RETURN(PyList mapped, KeysOf(items, getter));
  return PyIterator(std::move(mapped));
}

Result<PyValue> Map(EvaluationBudget& budget, const PyArguments& arguments) {
  if (!PyTruthy(arguments.positional[0])) return PyIterator({});
  if (arguments.positional.size() == 1) {
    if (arguments.Get(9, "attribute") != nullptr) return MapAttribute(budget, arguments);
    return PyError("FilterArgumentError", "map requires a filter argument");
  }
  MR_ASSIGN_OR_RETURN(NamedCall call, CallOf(arguments, 1, /*filter=*/true));
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, arguments.positional[0]));
  PyList mapped;
  for (const PyValue& item : items) {
    MR_ASSIGN_OR_RETURN(mapped.emplace_back(), call(budget, item));
  }
  return PyIterator(std::move(mapped));
}

/// `wanted`: what the test says of the items that stay. `by_attribute`: the test is about an
/// attribute, which the first argument names.
template <bool wanted, bool by_attribute>
Result<PyValue> Select(EvaluationBudget& budget, const PyArguments& arguments) {
  if (!PyTruthy(arguments.positional[0])) return PyIterator({});
  const size_t test_at = by_attribute ? 2 : 1;
  if (by_attribute && arguments.positional.size() < 2) {
    return PyError("FilterArgumentError", "Missing parameter for attribute name");
  }
  NamedCall test;
  const bool has_test = arguments.positional.size() > test_at;
  if (has_test) {
    MR_ASSIGN_OR_RETURN(test, CallOf(arguments, test_at, /*filter=*/false));
  }
  const JinjaAttributeGetter getter(by_attribute ? &arguments.positional[1] : nullptr);
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, arguments.positional[0]));
  PyList kept;
  for (const PyValue& item : items) {
    MR_ASSIGN_OR_RETURN(PyValue verdict, getter.Get(item));
    if (has_test) {
      MR_ASSIGN_OR_RETURN(verdict, test(budget, verdict));
    }
    if (PyTruthy(verdict) == wanted) kept.push_back(item);
  }
  return PyIterator(std::move(kept));
}

/// Each item's key for sorting: a list, of the values of several attributes ("name,age").
Result<PyList> SortKeys(const PyList& items, const PyValue* attributes, bool ignore_case) {
  std::vector<JinjaAttributeGetter> getters;
  if (attributes != nullptr && attributes->is_str()) {
    std::string_view names = attributes->str();
    for (size_t comma = names.find(','); comma != names.npos; comma = names.find(',')) {
      const PyValue name(names.substr(0, comma));
      getters.emplace_back(&name, ignore_case);
      names.remove_prefix(comma + 1);
    }
    const PyValue name(names);
    getters.emplace_back(&name, ignore_case);
  } else {
    getters.emplace_back(attributes, ignore_case);
  }
  PyList keys;
  keys.reserve(items.size());
  for (const PyValue& item : items) {
    PyList key;
    for (const JinjaAttributeGetter& getter : getters) {
      MR_ASSIGN_OR_RETURN(key.emplace_back(), getter.Get(item));
    }
    keys.push_back(PyValue::List(std::move(key)));
  }
  return keys;
}

Result<PyValue> Sort(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("sort", arguments, {"value", "reverse", "case_sensitive", "attribute"},
                             1));
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  MR_ASSIGN_OR_RETURN(const int64_t reverse, args.Integer(1, 0));
  MR_ASSIGN_OR_RETURN(const PyList keys, SortKeys(items, args[3], !args.Truth(2, false)));
  MR_ASSIGN_OR_RETURN(PyList sorted, PySorted(budget, items, keys, reverse != 0));
  return PyValue::List(std::move(sorted));
}

Result<PyValue> DictSort(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("dictsort", arguments,
                                             {"value", "case_sensitive", "by", "reverse"}, 1));
  if (args.At(0).is_undefined()) return UseOfUndefined(args.At(0));
  MR_ASSIGN_OR_RETURN(const std::string_view by, args.Text(2, "key"));
  if (by != "key" && by != "value") {
    return PyError("FilterArgumentError", "You can only sort by either \"key\" or \"value\"");
  }
  const PyDict* const dict = MappingOf(args.At(0));
  if (dict == nullptr) return PyError("AttributeError", "dictsort needs a dict");
  MR_RETURN_IF_ERROR(ChargeItems(budget, 3 * dict->size()));
  PyList pairs, keys;
  for (const auto& [key, value] : *dict) {
    const PyValue& chosen = by == "key" ? key : value;
    const bool fold = !args.Truth(1, false) && chosen.is_str();
    pairs.push_back(PyValue::Tuple({key, value}));
    keys.push_back(fold ? PyValue(PyLower(chosen.str())) : chosen);
  }
  MR_ASSIGN_OR_RETURN(PyList sorted, PySorted(budget, pairs, keys, args.Truth(3, false)));
  return PyValue::List(std::move(sorted));
}

Result<PyValue> Unique(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("unique", arguments, {"value", "case_sensitive", "attribute"}, 1));
  const JinjaAttributeGetter getter(args[2], !args.Truth(1, false));
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  PyList kept;
  PyValueSet seen;
  for (const PyValue& item : items) {
    MR_ASSIGN_OR_RETURN(PyValue key, getter.Get(item));
    MR_RETURN_IF_ERROR(PyHashable(key));
    if (seen.insert(std::move(key)).second) kept.push_back(item);
  }
  return PyIterator(std::move(kept));
}

template <bool most>
Result<PyValue> Extreme(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind(most ? "max" : "min", arguments,
                                             {"value", "case_sensitive", "attribute"}, 1));
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  if (items.empty()) return PyValue::Undefined();
  const JinjaAttributeGetter getter(args[2], !args.Truth(1, false));
  MR_ASSIGN_OR_RETURN(const PyList keys, KeysOf(items, getter));
  size_t best = 0;
  for (size_t i = 1; i < items.size(); ++i) {
    MR_ASSIGN_OR_RETURN(const bool better,
                        most ? PyLess(keys[best], keys[i]) : PyLess(keys[i], keys[best]));
    if (better) best = i;
  }
  return items[best];
}

Result<PyValue> GroupBy(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("groupby", arguments,
                             {"value", "attribute", "default", "case_sensitive"}, 2));
  const bool ignore_case = !args.Truth(3, false);
  const JinjaAttributeGetter getter(args[1], ignore_case, args[2]);
  MR_ASSIGN_OR_RETURN(const PyList items, ItemsOf(budget, args.At(0)));
  MR_ASSIGN_OR_RETURN(const PyList keys, KeysOf(items, getter));
  MR_ASSIGN_OR_RETURN(const PyList sorted, PySorted(budget, items, keys, /*reverse=*/false));
  const JinjaAttributeGetter shown(args[1], /*ignore_case=*/false, args[2]);
  PyList groups;
  PyValue last;
  for (const PyValue& item : sorted) {
    MR_ASSIGN_OR_RETURN(const PyValue key, getter.Get(item));
    if (groups.empty() || !(key.Is(last) || PyEqual(key, last))) {
      MR_ASSIGN_OR_RETURN(const PyValue name, shown.Get(item));
      groups.push_back(PyValue::Tuple({name, PyValue::List()}));
      last = key;
    }
    groups.back().items()[1].mutable_items().push_back(item);
  }
  return PyValue::List(std::move(groups));
}

constexpr PyNamedFunction kFilters[] = {
    {"map", Map},
    {"select", Select<true, false>},
    {"reject", Select<false, false>},
    {"selectattr", Select<true, true>},
    {"rejectattr", Select<false, true>},
    {"sort", Sort},
    {"dictsort", DictSort},
    {"unique", Unique},
    {"max", Extreme<true>},
    {"min", Extreme<false>},
    {"groupby", GroupBy},
};

}  // namespace

PyFunctionTable JinjaSelectFilters() { return kFilters; }

}  // namespace millrace
