#include <initializer_list>
#include <unordered_map>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function.h"
#include "declarative/jinja/py_function_table.h"

namespace millrace {
namespace {

using Index = std::unordered_map<std::string_view, PyFunction>;

/// Later tables win: the CDK's filters stand before Jinja's own.
Index IndexOf(std::initializer_list<PyFunctionTable> tables) {
  Index index;
  for (const PyFunctionTable& table : tables) {
    for (const auto& [name, function] : table) index[name] = function;
  }
  return index;
}

PyFunction Find(const Index& index, std::string_view name) {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

/// The methods of a kind, in the order of PyValue::Kind.
const Index& MethodsOf(PyValue::Kind kind) {
  static const Index kNone;
  static const Index kInt = IndexOf({PyIntMethods()});
  static const Index kFloat = IndexOf({PyFloatMethods()});
  static const Index kText = IndexOf({PyTextMethods(), PyTextSearchMethods()});
  static const Index kBytes = IndexOf({PyBytesMethods()});
  static const Index kList = IndexOf({PyListMethods()});
  static const Index kTuple = IndexOf({PyTupleMethods()});
  static const Index kDict = IndexOf({PyDictMethods()});
  static const Index kSet = IndexOf({PySetMethods()});
  static const Index kDateTime = IndexOf({PyDateTimeMethods()});
  static const Index kDate = IndexOf({PyDateMethods()});
  static const Index kTimeDelta = IndexOf({PyTimeDeltaMethods()});
  static const Index kDuration = IndexOf({PyDurationMethods()});
  static const Index kSlice = IndexOf({PySliceMethods()});
  static const Index* const kMethods[] = {
      &kNone,  &kInt,  &kInt, &kFloat,    &kNone, &kNone,      &kInt,      &kText,  &kBytes, &kList,
      &kTuple, &kDict, &kSet, &kDateTime, &kDate, &kTimeDelta, &kDuration, &kSlice, &kNone};
  return *kMethods[static_cast<size_t>(kind)];
}

}  // namespace

PyFunction FindJinjaFilter(std::string_view name) {
  static const Index kFilters =
      IndexOf({JinjaTextFilters(), JinjaHtmlFilters(), JinjaNumberFilters(), JinjaListFilters(),
               JinjaSelectFilters(), CdkFilters()});
  return Find(kFilters, name);
}

PyFunction FindJinjaTest(std::string_view name) {
  static const Index kTests = IndexOf({JinjaTests()});
  return Find(kTests, name);
}

PyFunction FindJinjaGlobal(std::string_view name) {
  static const Index kGlobals = IndexOf({JinjaGlobals(), CdkMacros()});
  return Find(kGlobals, name);
}

PyFunction FindPyMethod(PyValue::Kind receiver, std::string_view name) {
  return Find(MethodsOf(receiver), name);
}

Status EvaluationBudget::ChargeSteps(int64_t steps) {
  // What was charged before fits, so the rest is no sum that could overflow.
  if (steps <= kStepsMax - steps_) {
    steps_ += steps;
    return Status::Ok();
  }
  return PyError("OverflowError", "the template takes too many steps");
}

Status EvaluationBudget::ChargeBytes(int64_t bytes) {
  if (bytes <= kBytesMax - bytes_) {
    bytes_ += bytes;
    return Status::Ok();
  }
  return PyError("MemoryError", "the template makes more than 64 MiB of text and lists");
}

const PyValue* PyArguments::Get(size_t position, std::string_view name) const {
  if (position < positional.size()) return &positional[position];
  for (const auto& [given, value] : named) {
    if (given == name) return &value;
  }
  return nullptr;
}

}  // namespace millrace
