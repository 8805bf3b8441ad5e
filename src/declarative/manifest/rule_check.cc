#include "declarative/manifest/rule_check.h"

#include <algorithm>
#include <cmath>

#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

using Kind = ValueRule::Kind;

bool IsInteger(const PyValue& value) {
  if (value.is_float()) {
    return std::isfinite(value.as_float()) && std::floor(value.as_float()) == value.as_float();
  }
  return value.is_int() || value.kind() == PyValue::Kind::kBigInt;
}

bool IsNumber(const PyValue& value) {
  return value.is_float() || value.is_int() || value.kind() == PyValue::Kind::kBigInt;
}

double NumberOf(const PyValue& value) {
  return value.is_float() ? value.as_float() : PyIntToDouble(value);
}

bool WithinBounds(const ValueRule& rule, const PyValue& value) {
  if (!rule.minimum.has_value()) return true;
  const double number = NumberOf(value);
  // Not a number is never too small, as in Python.
  return rule.above_minimum ? !(number <= *rule.minimum) : !(number < *rule.minimum);
}

/// Items that are numbers; others are refused for what they are.
bool AreDistinct(const PyList& items) {
  std::vector<double> numbers;
  for (const PyValue& item : items) {
    if (IsNumber(item)) numbers.push_back(NumberOf(item));
  }
  std::sort(numbers.begin(), numbers.end());
  return std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end();
}

bool FollowsObject(const ComponentTable& table, const ValueRule& rule,  // NOLINT
                   const PyDict& dict) {
  if (!rule.needs.empty() && !HasAnyOf(dict, rule.needs)) return false;
  for (const ValueRule::Field& field : rule.fields) {
    const PyValue* value = dict.Find(std::string_view(field.name));
    if (value == nullptr ? field.required : !FollowsRule(table, table.rule(field.rule), *value)) {
      return false;
    }
  }
  if (!rule.closed) return true;
  return std::all_of(dict.begin(), dict.end(), [&rule](const PyDict::Entry& entry) {
    return entry.first.is_str() && rule.FindField(entry.first.str()) != nullptr;
  });
}

}  // namespace

bool HasAnyOf(const PyDict& dict, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&dict](const std::string& name) {
    return dict.Contains(std::string_view(name));
  });
}

bool FollowsRuleItself(const ValueRule& rule, const PyValue& value) {
  switch (rule.kind) {
    case Kind::kAny:
    case Kind::kChoice:
      return true;
    case Kind::kText:
      return value.is_str();
    case Kind::kInteger:
      return IsInteger(value) && WithinBounds(rule, value);
    case Kind::kNumber:
      return IsNumber(value) && WithinBounds(rule, value);
    case Kind::kBoolean:
      return value.is_bool();
    case Kind::kNull:
      return value.is_none();
    case Kind::kWords:
      return value.is_str() &&
             std::find(rule.words.begin(), rule.words.end(), value.str()) != rule.words.end();
    case Kind::kList:
      return value.is_list() && value.items().size() >= rule.items_min &&
             (!rule.distinct || AreDistinct(value.items()));
    case Kind::kMap:
      return value.is_dict();
    case Kind::kObject:
      return value.is_dict() || rule.loose;
  }
  return false;
}

bool FollowsRule(const ComponentTable& table, const ValueRule& rule,  // NOLINT: a manifest's depth
                 const PyValue& value) {
  if (!FollowsRuleItself(rule, value)) return false;
  const ValueRule& inner = table.rule(rule.inner);
  switch (rule.kind) {
    case Kind::kList:
      return inner.kind == Kind::kAny ||
             std::all_of(value.items().begin(), value.items().end(),
                         [&](const PyValue& item) { return FollowsRule(table, inner, item); });
    case Kind::kMap:
      return inner.kind == Kind::kAny ||
             std::all_of(value.dict().begin(), value.dict().end(), [&](const PyDict::Entry& entry) {
               return FollowsRule(table, inner, entry.second);
             });
    case Kind::kObject:
      return !value.is_dict() || FollowsObject(table, rule, value.dict());
    case Kind::kChoice:
      return std::any_of(rule.choices.begin(), rule.choices.end(),
                         [&](int choice) { return FollowsRule(table, table.rule(choice), value); });
    default:
      return true;
  }
}

}  // namespace millrace
