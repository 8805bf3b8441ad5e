#include "declarative/manifest/json_schema_keywords.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_regex.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

bool IsJsonNumber(const PyValue& value) {
  return value.is_int() || value.is_float() || value.kind() == PyValue::Kind::kBigInt;
}
double AsDouble(const PyValue& value) {
  return value.is_float() ? value.as_float() : PyIntToDouble(value);
}

bool IsOfType(const PyValue& value, std::string_view type) {
  if (type == "object") return value.is_dict();
  if (type == "array") return value.is_list();
  if (type == "string") return value.is_str();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_none();
  if (type == "number") return IsJsonNumber(value);
  if (type != "integer") return false;
  return IsJsonNumber(value) &&
         (!value.is_float() || std::floor(value.as_float()) == value.as_float());
}

std::string MissedType(const PyValue& types, const PyValue& value) {
  const PyList names = types.is_list() ? types.items() : PyList{types};
  std::string shown;
  for (const PyValue& name : names) {
    if (name.is_str() && IsOfType(value, name.str())) return "";
    shown += (shown.empty() ? "" : ", ") + PyRepr(name);
  }
  return fmt::format("{} is not of type {}", PyRepr(value), shown);
}

std::string MissedEnum(const PyValue& values, const PyValue& value) {
  if (values.is_list()) {
    for (const PyValue& one : values.items()) {
      if (SameJson(one, value)) return "";
    }
  }
  return fmt::format("{} is not one of {}", PyRepr(value), PyRepr(values));
}

std::string MissedRequired(const PyValue& names, const PyValue& value) {
  if (!value.is_dict() || !names.is_list()) return "";
  for (const PyValue& name : names.items()) {
    if (value.dict().Find(name) == nullptr) {
      return fmt::format("{} is a required property", PyRepr(name));
    }
  }
  return "";
}

struct Bound {
  std::string_view keyword;
  bool (*missed)(double value, double bound);
  std::string_view words;
};
constexpr Bound kBounds[] = {
    {"minimum", [](double value, double bound) { return value < bound; },
     "is less than the minimum of"},
    {"maximum", [](double value, double bound) { return value > bound; },
     "is greater than the maximum of"},
    {"exclusiveMinimum", [](double value, double bound) { return value <= bound; },
     "is less than or equal to the minimum of"},
    {"exclusiveMaximum", [](double value, double bound) { return value >= bound; },
     "is greater than or equal to the maximum of"},
    {"multipleOf",
     [](double value, double bound) {
       return bound == 0 || std::floor(value / bound) != value / bound;
     },
     "is not a multiple of"},
};

struct Length {
  std::string_view keyword, kind;
  bool least;
  std::string_view words;
};
constexpr Length kLengths[] = {
    {"minLength", "string", true, "is too short"},
    {"maxLength", "string", false, "is too long"},
    {"minItems", "array", true, "is too short"},
    {"maxItems", "array", false, "is too long"},
    {"minProperties", "object", true, "does not have enough properties"},
    {"maxProperties", "object", false, "has too many properties"},
};

std::string MissedBound(std::string_view keyword, const PyValue& argument, const PyValue& value) {
  if (!IsJsonNumber(argument)) return "";
  for (const Bound& bound : kBounds) {
    if (bound.keyword != keyword || !IsJsonNumber(value)) continue;
    if (!bound.missed(AsDouble(value), AsDouble(argument))) return "";
    return fmt::format("{} {} {}", PyRepr(value), bound.words, PyRepr(argument));
  }
  for (const Length& length : kLengths) {
    if (length.keyword != keyword || !IsOfType(value, length.kind)) continue;
    const auto size = static_cast<double>(value.is_str()    ? CodePointLength(value.str())
                                          : value.is_list() ? value.items().size()
                                                            : value.dict().size());
    if (length.least ? size >= AsDouble(argument) : size <= AsDouble(argument)) return "";
    return fmt::format("{} {}", PyRepr(value), length.words);
  }
  return "";
}

std::string MissedUnique(const PyValue& argument, const PyValue& value) {
  // Comparing all with all: beyond this, nobody's configuration, it would take too long.
  constexpr size_t kItemsMax = 5'000;
  if (!PyTruthy(argument) || !value.is_list() || value.items().size() > kItemsMax) return "";
  const PyList& items = value.items();
  for (size_t i = 0; i < items.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (SameJson(items[i], items[j])) return PyRepr(value) + " has non-unique elements";
    }
  }
  return "";
}

}  // namespace

bool SameJson(const PyValue& a, const PyValue& b) {  // NOLINT(misc-no-recursion): a value's depth
  if (a.is_bool() != b.is_bool()) return false;
  if (a.is_list() && b.is_list()) {
    return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(),
                      [](const PyValue& x, const PyValue& y) { return SameJson(x, y); });
  }
  if (a.is_dict() && b.is_dict()) {
    return a.dict().size() == b.dict().size() &&
           std::all_of(a.dict().begin(), a.dict().end(), [&b](const PyDict::Entry& entry) {
             const PyValue* other = b.dict().Find(entry.first);
             return other != nullptr && SameJson(entry.second, *other);
           });
  }
  return PyEqual(a, b);
}

Result<bool> PatternFound(const std::string& pattern, const std::string& text) {
  MR_ASSIGN_OR_RETURN(const std::shared_ptr<const PyRegex> regex, PyRegex::Make(pattern));
  MR_ASSIGN_OR_RETURN(const std::optional<PyRegex::Groups> found, regex->Search(text));
  return found.has_value();
}

Result<std::string> MissedKeyword(std::string_view keyword, const PyValue& argument,
                                  const PyValue& value) {
  if (keyword == "type") return MissedType(argument, value);
  if (keyword == "enum") return MissedEnum(argument, value);
  if (keyword == "required") return MissedRequired(argument, value);
  if (keyword == "uniqueItems") return MissedUnique(argument, value);
  if (keyword == "const") {
    return SameJson(argument, value) ? std::string() : PyRepr(argument) + " was expected";
  }
  if (keyword == "pattern" && argument.is_str() && value.is_str()) {
    MR_ASSIGN_OR_RETURN(const bool found, PatternFound(argument.str(), value.str()));
    if (found) return std::string();
    return fmt::format("{} does not match {}", PyRepr(value), PyRepr(argument));
  }
  return MissedBound(keyword, argument, value);
}

}  // namespace millrace
