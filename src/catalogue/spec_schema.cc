#include "catalogue/spec_schema.h"

#include <nlohmann/json.hpp>

namespace millrace {

std::vector<std::string> TypesOf(const Json& schema) {
  std::vector<std::string> types;
  const auto type = schema.is_object() ? schema.find("type") : schema.end();
  if (type == schema.end()) return types;
  if (type->is_string()) types.push_back(type->get<std::string>());
  if (type->is_array()) {
    for (const Json& name : *type) {
      if (name.is_string()) types.push_back(name.get<std::string>());
    }
  }
  return types;
}

const Json* BranchesOf(const Json& schema) {
  if (!schema.is_object()) return nullptr;
  for (const char* keyword : {"oneOf", "anyOf"}) {
    const auto found = schema.find(keyword);
    if (found != schema.end() && found->is_array() && !found->empty()) return &*found;
  }
  return nullptr;
}

const Json* DiscriminatorValue(const Json& branch, const std::string& discriminator) {
  const auto properties = branch.find("properties");
  if (properties == branch.end() || !properties->contains(discriminator)) return nullptr;
  const Json& schema = (*properties)[discriminator];
  const auto constant = schema.find("const");
  if (constant != schema.end()) return &*constant;
  const auto values = schema.find("enum");
  if (values != schema.end() && values->is_array() && values->size() == 1) return &(*values)[0];
  return nullptr;
}

std::string DiscriminatorOf(const Json& branches) {
  const Json& first = branches[0];
  if (!first.is_object() || !first.contains("properties")) return "";
  for (const auto& [key, schema] : first["properties"].items()) {
    bool everywhere = true;
    for (const Json& branch : branches) {
      everywhere = everywhere && branch.is_object() && DiscriminatorValue(branch, key) != nullptr;
    }
    if (everywhere) return key;
  }
  return "";
}

bool HasType(const Json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return type == "null" && value.is_null();
}

const Json* ChosenBranch(const Json& branches, const Json& value) {
  const std::string discriminator = DiscriminatorOf(branches);
  if (!discriminator.empty() && value.is_object()) {
    const auto given = value.find(discriminator);
    for (const Json& branch : branches) {
      const Json* constant = DiscriminatorValue(branch, discriminator);
      if (given != value.end() && *given == *constant) return &branch;
    }
    return nullptr;
  }
  for (const Json& branch : branches) {
    for (const std::string& type : TypesOf(branch)) {
      if (!HasType(value, type)) continue;
      if (!value.is_object()) return &branch;
      bool complete = true;
      for (const Json& key : branch.value("required", Json::array())) {
        complete = complete && key.is_string() && value.contains(key.get<std::string>());
      }
      if (complete) return &branch;
    }
  }
  return nullptr;
}

const Json* PropertySchema(const Json& schema, const Json& object, const std::string& key) {
  const auto properties = schema.find("properties");
  if (properties != schema.end() && properties->is_object() && properties->contains(key)) {
    return &(*properties)[key];
  }
  const Json* branches = BranchesOf(schema);
  const Json* branch = branches == nullptr ? nullptr : ChosenBranch(*branches, object);
  if (branch != nullptr) return PropertySchema(*branch, object, key);
  // A schema of keys of the user's own choice.
  const auto others = schema.find("additionalProperties");
  return others != schema.end() && others->is_object() ? &*others : nullptr;
}

}  // namespace millrace
