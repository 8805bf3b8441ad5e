#include "base/environment_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace millrace {
namespace {

/// What Airbyte's path and namespace templates hold: never variables of the environment.
constexpr std::array<std::string_view, 12> kPlaceholders = {
    "SOURCE_NAMESPACE", "NAMESPACE", "STREAM_NAME", "YEAR",  "MONTH", "DAY", "HOUR",
    "MINUTE",           "SECOND",    "MILLISECOND", "EPOCH", "UUID"};

bool IsVariableName(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Result<ResolvedText> ResolveEnvironment(std::string_view text, const Environment& environment) {
  ResolvedText resolved;
  while (!text.empty()) {
    const size_t at = text.find("${");
    if (at == std::string_view::npos) break;
    if (at > 0 && text[at - 1] == '$') {
      resolved.text.append(text.substr(0, at - 1)).append("${");
      text.remove_prefix(at + 2);
      continue;
    }
    resolved.text.append(text.substr(0, at));
    const size_t end = text.find('}', at);
    if (end == std::string_view::npos) {
      return ConfigError("\"{}\" has no closing brace; write $${{ for a literal ${{",
                         text.substr(at, 40));
    }
    const std::string_view reference = text.substr(at + 2, end - at - 2);
    const bool explicit_variable = reference.starts_with("env:");
    const std::string name(explicit_variable ? reference.substr(4) : reference);
    if (!explicit_variable &&
        std::find(kPlaceholders.begin(), kPlaceholders.end(), name) != kPlaceholders.end()) {
      resolved.text.append(text.substr(at, end + 1 - at));
    } else if (!IsVariableName(name)) {
      return ConfigError("${{{}}} is not a variable's name; write $${{ for a literal ${{",
                         reference);
    } else if (const auto value = environment(name)) {
      resolved.text += *value;
      resolved.replaced = true;
    } else {
      return ConfigError("the environment variable {} is not set; export it and run again", name);
    }
    text.remove_prefix(end + 1);
  }
  resolved.text.append(text);
  return resolved;
}

}  // namespace millrace
