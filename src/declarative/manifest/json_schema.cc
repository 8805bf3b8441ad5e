#include "declarative/manifest/json_schema.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "declarative/jinja/py_item.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/manifest/json_schema_keywords.h"

namespace millrace {
namespace {

constexpr int kDepthMax = 200;

struct Violation {
  size_t depth = 0;   ///< of the value that it is about
  bool weak = false;  ///< of anyOf and oneOf: says less than others
  std::string message;
};

bool IsMoreRelevant(const Violation& a, const Violation& b) {
  if (a.depth != b.depth) return a.depth < b.depth;
  return b.weak && !a.weak;
}

class SchemaCheck {
 public:
  explicit SchemaCheck(const PyValue& root) : root_(root) {}

  /// The most relevant violation stays in `found`.
  Status Check(const PyValue& schema, const PyValue& value, size_t depth,  // NOLINT: kDepthMax
               std::vector<Violation>* found) {
    if (schema.is_bool()) {
      if (!schema.as_bool()) {
        found->push_back({depth, false, "False schema does not allow " + PyRepr(value)});
      }
      return Status::Ok();
    }
    if (!schema.is_dict()) return ConfigError("a JSON schema must be a mapping");
    if (++nested_ > kDepthMax) return ConfigError("the JSON schema leads back to itself");
    const Status status = CheckKeywords(schema, value, depth, found);
    --nested_;
    return status;
  }

 private:
  Status CheckKeywords(const PyValue& schema, const PyValue& value, size_t depth,  // NOLINT
                       std::vector<Violation>* found) {
    if (const PyValue* reference = schema.Find("$ref"); reference != nullptr) {
      MR_ASSIGN_OR_RETURN(const PyValue referred, Refer(*reference));
      return Check(referred, value, depth, found);
    }
    for (const auto& [key, argument] : schema.dict()) {
      if (!key.is_str()) continue;
      MR_ASSIGN_OR_RETURN(const std::string missed, MissedKeyword(key.str(), argument, value));
      if (!missed.empty()) found->push_back({depth, false, missed});
      MR_RETURN_IF_ERROR(CheckStructure(key.str(), argument, schema, value, depth, found));
    }
    return Status::Ok();
  }

  Result<PyValue> Refer(const PyValue& reference) const {
    if (!reference.is_str() || !reference.str().starts_with('#')) {
      return ConfigError("the JSON schema refers to {}, which isn't in it", PyStr(reference));
    }
    PyValue place = root_;
    std::string_view rest = std::string_view(reference.str()).substr(1);
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::string_view key = rest.substr(0, rest.find('/'));
      rest.remove_prefix(key.size());
      const PyValue text{key};
      const PyValue* next = PyItemOf(place, AsPyIndex(place, text));
      if (next == nullptr) {
        return ConfigError("the JSON schema refers to {}, which isn't in it", reference.str());
      }
      place = PyValue(*next);
    }
    return place;
  }

  Result<bool> Fits(const PyValue& schema, const PyValue& value) {  // NOLINT(misc-no-recursion)
    std::vector<Violation> found;
    MR_RETURN_IF_ERROR(Check(schema, value, 0, &found));
    return found.empty();
  }

  /// The keywords that hold schemas.
  Status CheckStructure(std::string_view keyword, const PyValue& argument,  // NOLINT
                        const PyValue& schema, const PyValue& value, size_t depth,
                        std::vector<Violation>* found) {
    if (keyword == "properties" && argument.is_dict() && value.is_dict()) {
      for (const auto& [name, property] : argument.dict()) {
        const PyValue* member = value.dict().Find(name);
        if (member != nullptr) MR_RETURN_IF_ERROR(Check(property, *member, depth + 1, found));
      }
    } else if (keyword == "patternProperties" && argument.is_dict() && value.is_dict()) {
      for (const auto& [pattern, property] : argument.dict()) {
        for (const auto& [name, member] : value.dict()) {
          MR_ASSIGN_OR_RETURN(const bool matches, PatternFound(PyStr(pattern), PyStr(name)));
          if (matches) MR_RETURN_IF_ERROR(Check(property, member, depth + 1, found));
        }
      }
    } else if (keyword == "additionalProperties" && value.is_dict()) {
      return CheckAdditional(argument, schema, value, depth, found);
    } else if (keyword == "propertyNames" && value.is_dict()) {
      for (const auto& [name, member] : value.dict()) {
        MR_RETURN_IF_ERROR(Check(argument, name, depth, found));
      }
    } else if ((keyword == "items" || keyword == "contains") && value.is_list()) {
      return CheckItems(keyword, argument, schema, value, depth, found);
    } else if (keyword == "if") {
      MR_ASSIGN_OR_RETURN(const bool fits, Fits(argument, value));
      const PyValue* branch = schema.Find(fits ? "then" : "else");
      if (branch != nullptr) return Check(*branch, value, depth, found);
    } else if (keyword == "not") {
      MR_ASSIGN_OR_RETURN(const bool fits, Fits(argument, value));
      if (fits) {
        found->push_back(
            {depth, false,
             fmt::format("{} should not be valid under {}", PyRepr(value), PyRepr(argument))});
      }
    } else if (argument.is_list()) {
      return CheckCombined(keyword, argument.items(), value, depth, found);
    } else if (keyword == "dependencies" && argument.is_dict() && value.is_dict()) {
      return CheckDependencies(argument.dict(), value, depth, found);
    }
    return Status::Ok();
  }

  Status CheckAdditional(const PyValue& argument, const PyValue& schema,  // NOLINT
                         const PyValue& value, size_t depth, std::vector<Violation>* found) {
    const PyValue* properties = schema.Find("properties");
    const PyValue* patterns = schema.Find("patternProperties");
    std::vector<std::string> extra;
    for (const auto& [name, member] : value.dict()) {
      if (properties != nullptr && properties->is_dict() && properties->dict().Find(name)) continue;
      bool matched = false;
      if (patterns != nullptr && patterns->is_dict()) {
        for (const auto& [pattern, property] : patterns->dict()) {
          MR_ASSIGN_OR_RETURN(const bool matches, PatternFound(PyStr(pattern), PyStr(name)));
          matched |= matches;
        }
      }
      if (matched) continue;
      if (argument.is_dict()) MR_RETURN_IF_ERROR(Check(argument, member, depth + 1, found));
      extra.push_back(PyRepr(name));
    }
    if (argument.is_bool() && !argument.as_bool() && !extra.empty()) {
      found->push_back({depth, false, UnexpectedText(extra, patterns)});
    }
    return Status::Ok();
  }

  static std::string UnexpectedText(const std::vector<std::string>& extra,
                                    const PyValue* patterns) {
    const std::string names = fmt::format("{}", fmt::join(extra, ", "));
    const bool one = extra.size() == 1;
    if (patterns == nullptr || !patterns->is_dict() || patterns->dict().empty()) {
      return fmt::format("Additional properties are not allowed ({} {} unexpected)", names,
                         one ? "was" : "were");
    }
    std::vector<std::string> shown;
    for (const auto& [pattern, property] : patterns->dict()) shown.push_back(PyRepr(pattern));
    return fmt::format("{} {} not match any of the regexes: {}", names, one ? "does" : "do",
                       fmt::join(shown, ", "));
  }

  Status CheckItems(std::string_view keyword, const PyValue& argument, const PyValue& schema,
                    const PyValue& value, size_t depth,  // NOLINT(misc-no-recursion)
                    std::vector<Violation>* found) {
    const PyList& items = value.items();
    if (keyword == "contains") {
      for (const PyValue& item : items) {
        MR_ASSIGN_OR_RETURN(const bool fits, Fits(argument, item));
        if (fits) return Status::Ok();
      }
      found->push_back({depth, false,
                        fmt::format("None of {} are valid under the given schema", PyRepr(value))});
      return Status::Ok();
    }
    if (!argument.is_list()) {
      for (const PyValue& item : items) MR_RETURN_IF_ERROR(Check(argument, item, depth + 1, found));
      return Status::Ok();
    }
    const PyValue* additional = schema.Find("additionalItems");
    for (size_t i = 0; i < items.size(); ++i) {
      const PyValue* rule = i < argument.items().size() ? &argument.items()[i] : additional;
      if (rule != nullptr) MR_RETURN_IF_ERROR(Check(*rule, items[i], depth + 1, found));
    }
    return Status::Ok();
  }

  Status CheckCombined(std::string_view keyword, const PyList& schemas,  // NOLINT
                       const PyValue& value, size_t depth, std::vector<Violation>* found) {
    if (keyword == "allOf") {
      for (const PyValue& schema : schemas) {
        MR_RETURN_IF_ERROR(Check(schema, value, depth, found));
      }
      return Status::Ok();
    }
    if (keyword != "anyOf" && keyword != "oneOf") return Status::Ok();
    int fitting = 0;
    for (const PyValue& schema : schemas) {
      MR_ASSIGN_OR_RETURN(const bool fits, Fits(schema, value));
      fitting += fits;
    }
    if (fitting == 0) {
      found->push_back(
          {depth, true, PyRepr(value) + " is not valid under any of the given schemas"});
    } else if (fitting > 1 && keyword == "oneOf") {
      found->push_back(
          {depth, true, PyRepr(value) + " is valid under more than one of the given schemas"});
    }
    return Status::Ok();
  }

  Status CheckDependencies(const PyDict& dependencies, const PyValue& value,  // NOLINT
                           size_t depth, std::vector<Violation>* found) {
    for (const auto& [name, needed] : dependencies) {
      if (value.dict().Find(name) == nullptr) continue;
      if (!needed.is_list()) {
        MR_RETURN_IF_ERROR(Check(needed, value, depth, found));
        continue;
      }
      for (const PyValue& other : needed.items()) {
        if (value.dict().Find(other) != nullptr) continue;
        found->push_back(
            {depth, false, fmt::format("{} is a dependency of {}", PyRepr(other), PyRepr(name))});
      }
    }
    return Status::Ok();
  }

  const PyValue& root_;
  int nested_ = 0;
};

}  // namespace

Status CheckJsonSchema(const PyValue& schema, const PyValue& value) {
  std::vector<Violation> found;
  MR_RETURN_IF_ERROR(SchemaCheck(schema).Check(schema, value, 0, &found));
  const Violation* best = nullptr;
  for (const Violation& violation : found) {
    if (best == nullptr || IsMoreRelevant(violation, *best)) best = &violation;
  }
  return best == nullptr ? Status::Ok() : ConfigError("{}", best->message);
}

}  // namespace millrace
