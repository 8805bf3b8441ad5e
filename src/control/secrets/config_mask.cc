#include "control/secrets/config_mask.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/secrets.h"

namespace millrace {
namespace {

constexpr const char* kBranches[] = {"oneOf", "anyOf", "allOf"};

bool IsSecret(const Json& schema) {
  const auto found = schema.find("airbyte_secret");
  return found != schema.end() && found->is_boolean() && found->get<bool>();
}

/// Calls `visit` for each text of `value` that one of the branches of `schema` calls a secret:
/// which branch holds does not matter, since a mask too many only hides.
template <typename Visit>
void EachSecret(const Json& schema, Json& value, const Json* beside, const Visit& visit) {
  if (!schema.is_object()) return;
  if (IsSecret(schema) && value.is_string()) visit(value, beside);
  for (const char* branches : kBranches) {
    const auto found = schema.find(branches);
    if (found == schema.end() || !found->is_array()) continue;
    for (const Json& branch : *found) EachSecret(branch, value, beside, visit);
  }
  if (value.is_object()) {
    const auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->is_object()) return;
    for (const auto& [name, of_property] : properties->items()) {
      const auto found = value.find(name);
      if (found == value.end()) continue;
      const bool there = beside != nullptr && beside->is_object() && beside->contains(name);
      EachSecret(of_property, *found, there ? &(*beside)[name] : nullptr, visit);
    }
  } else if (value.is_array() && schema.contains("items")) {
    for (size_t i = 0; i < value.size(); ++i) {
      const bool there = beside != nullptr && beside->is_array() && i < beside->size();
      EachSecret(schema["items"], value[i], there ? &(*beside)[i] : nullptr, visit);
    }
  }
}

}  // namespace

Json MaskSecrets(const Json& connection_specification, const Json& configuration) {
  Json masked = configuration;
  EachSecret(connection_specification, masked, nullptr,
             [](Json& text, const Json*) { text = kSecretMask; });
  return masked;
}

Json MaskTexts(const Json& configuration) {
  if (configuration.is_string()) return kSecretMask;
  Json masked = configuration;
  if (masked.is_structured()) {
    for (Json& value : masked) value = MaskTexts(value);
  }
  return masked;
}

Json RestoreSecrets(const Json& connection_specification, const Json& stored,
                    const Json& incoming) {
  Json restored = incoming;
  EachSecret(connection_specification, restored, &stored, [](Json& text, const Json* before) {
    if (text == kSecretMask && before != nullptr) text = *before;
  });
  return restored;
}

std::string PathOfMask(const Json& connection_specification, const Json& configuration) {
  Json without = configuration;
  EachSecret(connection_specification, without, nullptr, [](Json& text, const Json*) {
    if (text == kSecretMask) text = nullptr;
  });
  const Json changes = Json::diff(configuration, without);
  if (changes.empty()) return "";
  std::string path = changes.front()["path"].get<std::string>().substr(1);
  std::ranges::replace(path, '/', '.');
  return path;
}

std::vector<std::string> SecretTexts(const Json& connection_specification,
                                     const Json& configuration) {
  std::vector<std::string> texts;
  Json visited = configuration;
  EachSecret(connection_specification, visited, nullptr,
             [&](const Json& text, const Json*) { texts.push_back(text.get<std::string>()); });
  return texts;
}

}  // namespace millrace
