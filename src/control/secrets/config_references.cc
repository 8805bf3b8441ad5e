#include "control/secrets/config_references.h"

#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "base/secrets.h"
#include "catalogue/config_validation.h"

namespace millrace {
namespace {

constexpr std::string_view kOurs = "MILLRACE_";
constexpr std::string_view kForConfigurations = "MILLRACE_CONFIG_";
constexpr const char* kAllowedVariable = "MILLRACE_CONFIG_VARIABLES";

/// Whether `name` is in "A,B_*".
bool IsListed(std::string_view name, std::string_view list) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    std::string_view pattern = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (pattern.starts_with(' ')) pattern.remove_prefix(1);
    while (pattern.ends_with(' ')) pattern.remove_suffix(1);
    if (pattern.ends_with('*')) {
      pattern.remove_suffix(1);
      if (name.starts_with(pattern)) return true;
    } else if (!pattern.empty() && name == pattern) {
      return true;
    }
  }
  return false;
}

bool MayBeRead(const std::string& name) {
  if (name == kAllowedVariable) return false;
  if (name.starts_with(kForConfigurations)) return true;
  if (name.starts_with(kOurs)) return false;
  const char* const list = std::getenv(kAllowedVariable);
  return list != nullptr && IsListed(name, list);
}

/// Calls `visit` with each text and its JSON pointer, until one fails.
Status EachText(Json& value, const std::string& pointer,
                const std::function<Status(const std::string&, Json&)>& visit) {
  if (value.is_string()) return visit(pointer, value);
  if (value.is_object()) {
    for (auto& [name, member] : value.items()) {
      const std::string part = (Json::json_pointer() / name).to_string();
      MR_RETURN_IF_ERROR(EachText(member, pointer + part, visit));
    }
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      MR_RETURN_IF_ERROR(EachText(value[i], fmt::format("{}/{}", pointer, i), visit));
    }
  }
  return Status::Ok();
}

/// With references replaced by values; `places`: the JSON pointers of those texts.
Result<Json> Replaced(const Json& configuration, const Environment& environment,
                      std::set<std::string>* places) {
  Json resolved = configuration;
  MR_RETURN_IF_ERROR(EachText(resolved, "", [&](const std::string& pointer, Json& value) -> Status {
    // A copy: the value is replaced.
    const std::string text = value.get<std::string>();
    auto replaced = ResolveEnvironment(text, environment);
    if (!replaced.ok()) {
      return ConfigError(
          "{} (a server's configurations may read variables that begin with {}, and those that "
          "{} lists)",
          replaced.status().error().message, kForConfigurations, kAllowedVariable);
    }
    if (replaced->replaced) places->insert(pointer);
    if (replaced->text != text) value = std::move(replaced->text);
    return Status::Ok();
  }));
  return resolved;
}

}  // namespace

Environment ServerEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = MayBeRead(name) ? std::getenv(name.c_str()) : nullptr;
    if (value == nullptr) return std::nullopt;
    Secrets::Register(value);
    return std::string(value);
  };
}

Result<Json> ConnectorConfiguration(const Json& connection_specification, const Json& configuration,
                                    const Environment& environment) {
  std::set<std::string> places;
  MR_ASSIGN_OR_RETURN(Json resolved, Replaced(configuration, environment, &places));
  MR_RETURN_IF_ERROR(
      CheckConfig(connection_specification, "connectionConfiguration", places, &resolved).status());
  return resolved;
}

Result<Json> ResolvedReferences(const Json& connection_specification, const Json& configuration,
                                const Environment& environment) {
  std::set<std::string> places;
  MR_ASSIGN_OR_RETURN(Json resolved, Replaced(configuration, environment, &places));
  FitTypes(connection_specification, places, &resolved);
  return resolved;
}

}  // namespace millrace
