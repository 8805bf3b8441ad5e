#include "catalogue/violation_text.h"

#include <nlohmann/json.hpp>

#include <cstdlib>

#include "base/nearest_names.h"
#include "catalogue/spec_schema.h"

namespace millrace {
namespace {

struct TypeWords {
  std::string_view type, words;
};
constexpr TypeWords kTypeWords[] = {
    {"string", "text"},           {"integer", "a whole number"}, {"number", "a number"},
    {"boolean", "true or false"}, {"array", "a list"},           {"object", "a group of fields"},
    {"null", "left empty"},
};

std::string WordsOf(const std::vector<std::string>& types) {
  std::string words;
  for (const std::string& type : types) {
    if (type == "null" && types.size() > 1) continue;
    for (const TypeWords& entry : kTypeWords) {
      if (entry.type != type) continue;
      if (!words.empty()) words += " or ";
      words += entry.words;
    }
  }
  return words;
}

bool IsSecret(const Json& schema) {
  const auto secret = schema.find("airbyte_secret");
  return secret != schema.end() && *secret == Json(true);
}

/// "is 70000", "is a list": what stands there, short enough for one line.
std::string Given(const Json& schema, const Json& value) {
  if (value.is_null()) return "is empty";
  if (IsSecret(schema)) return "has a wrong value";
  if (value.is_array()) return "is a list";
  if (value.is_object()) return "is a group of fields";
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "…\"";
  return "is " + text;
}

std::string Listed(const Json& values) {
  std::string text;
  for (const Json& value : values) {
    if (!text.empty()) text += ", ";
    text += value.is_string() ? value.get<std::string>() : value.dump();
  }
  return text;
}

std::string Bounds(const Json& schema) {
  const auto low = schema.find("minimum"), high = schema.find("maximum");
  const bool has_low = low != schema.end(), has_high = high != schema.end();
  if (has_low && has_high) return " from " + low->dump() + " to " + high->dump();
  if (has_low) return " of at least " + low->dump();
  if (has_high) return " of at most " + high->dump();
  return "";
}

std::string TypeText(const Json& schema, const Json& value) {
  const auto types = TypesOf(schema);
  std::string text = Given(schema, value) + "; it must be " + WordsOf(types) + Bounds(schema);
  if ((value.is_number() || value.is_boolean()) && types.size() == 1 && types[0] == "string") {
    text += ": put it in quotes";
  }
  return text;
}

bool Fits(const Json& schema, const Json& value) {
  const auto types = TypesOf(schema);
  for (const std::string& type : types) {
    if (HasType(value, type)) return true;
  }
  return types.empty();
}

std::string AllowedBranches(const Json& branches, const std::string& discriminator) {
  Json values = Json::array();
  for (const Json& branch : branches) values.push_back(*DiscriminatorValue(branch, discriminator));
  return Listed(values);
}

/// The part after the field's path.
std::string Explain(const Json& schema, const Json& value, const std::string& description) {
  if (!Fits(schema, value)) return TypeText(schema, value);
  if (const auto constant = schema.find("const"); constant != schema.end() && value != *constant) {
    return Given(schema, value) + "; it must be " + constant->dump();
  }
  if (const auto values = schema.find("enum"); values != schema.end()) {
    std::vector<std::string> names;
    for (const Json& name : *values) {
      if (name.is_string()) names.push_back(name.get<std::string>());
    }
    const std::string given = value.is_string() ? value.get<std::string>() : value.dump();
    return Given(schema, value) + "; allowed: " + Listed(*values) + DidYouMean(given, names, 1);
  }
  if (value.is_number() && !Bounds(schema).empty()) {
    return Given(schema, value) + "; it must be a number" + Bounds(schema);
  }
  if (const auto pattern = schema.find("pattern"); pattern != schema.end() && value.is_string()) {
    const std::string form = schema.contains("pattern_descriptor")
                                 ? Listed(Json::array({schema["pattern_descriptor"]}))
                                 : Listed(Json::array({*pattern}));
    return Given(schema, value) + "; it must have the form " + form;
  }
  return Given(schema, value) + ": " + description;
}

std::string BranchText(const std::string& path, const Json& branches, const Json& value) {
  const std::string discriminator = DiscriminatorOf(branches);
  if (discriminator.empty() || !value.is_object()) {
    return path + " " + Given(Json::object(), value) + "; it must be a group of fields" +
           (discriminator.empty()
                ? " as one of the connector's options (see: millrace connectors show)"
                : " with " + discriminator +
                      ", one of: " + AllowedBranches(branches, discriminator));
  }
  const auto given = value.find(discriminator);
  if (given == value.end()) {
    return path + " has no " + discriminator +
           "; allowed: " + AllowedBranches(branches, discriminator);
  }
  return path + "." + discriminator + " " + Given(Json::object(), *given) +
         "; allowed: " + AllowedBranches(branches, discriminator);
}

/// Keys that are required here and not there.
std::string MissingText(const std::string& path, const Json& schema, const Json& value) {
  for (const Json& key : schema.value("required", Json::array())) {
    const std::string name = key.get<std::string>();
    if (value.contains(name)) continue;
    std::string text = path + "." + name + " is missing";
    const Json* property = PropertySchema(schema, value, name);
    if (property == nullptr) return text;
    const std::string words = WordsOf(TypesOf(*property));
    if (!words.empty()) text += ": it must be " + words + Bounds(*property);
    return text;
  }
  return "";
}

}  // namespace

std::string ViolationText(const Json& schema, const Json& config, std::string_view where,
                          const SchemaViolation& violation) {
  const Json* node = &schema;
  const Json* value = &config;
  std::string path(where);
  for (const std::string& part : violation.path) {
    if (value->is_array()) {
      const size_t index = std::strtoul(part.c_str(), nullptr, 10);
      if (index >= value->size() || !node->contains("items")) break;
      value = &(*value)[index];
      node = &(*node)["items"];
      path += "[" + part + "]";
      continue;
    }
    const Json* property = PropertySchema(*node, *value, part);
    if (property == nullptr || !value->contains(part)) break;
    value = &(*value)[part];
    node = property;
    path += "." + part;
  }
  const Json* branches = BranchesOf(*node);
  const Json* branch = branches == nullptr ? nullptr : ChosenBranch(*branches, *value);
  if (branches != nullptr && branch == nullptr) return BranchText(path, *branches, *value);
  if (value->is_object()) {
    for (const Json* part : {node, branch}) {
      const std::string missing = part == nullptr ? "" : MissingText(path, *part, *value);
      if (!missing.empty()) return missing;
    }
  }
  return path + " " + Explain(branch == nullptr ? *node : *branch, *value, violation.description);
}

}  // namespace millrace
