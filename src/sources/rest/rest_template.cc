#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/nearest_names.h"
#include "declarative/jinja/jinja_template.h"
#include "sources/rest/rest_node.h"

namespace millrace {
namespace {

/// What the engine gives to templates in one place or another.
const std::vector<std::string> kTemplateVariables = {
    "config",          "stream_slice",   "stream_partition", "stream_interval",
    "next_page_token", "headers",        "response",         "record",
    "last_record",     "last_page_size", "page_size",        "parameters"};

/// With one of these a template says itself what it wants when a field is not there.
constexpr std::array<std::string_view, 5> kFallbacks = {"default", " or ", " if ", ".get(",
                                                        "defined"};

bool IsNameCharacter(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The field that stands behind "config" at `rest`: ['name'], ["name"] or .name. Empty: none.
std::string_view FieldBehindConfig(std::string_view rest) {
  size_t begin = 0;
  if (rest.starts_with("['") || rest.starts_with("[\"")) {
    begin = 2;
  } else if (rest.starts_with(".")) {
    begin = 1;
  } else {
    return {};
  }
  size_t end = begin;
  while (end < rest.size() && IsNameCharacter(rest[end])) ++end;
  if (begin == 2 && (end >= rest.size() || rest[end] != rest[1])) return {};
  if (begin == 1 && end < rest.size() && rest[end] == '(') return {};  // a method
  return rest.substr(begin, end - begin);
}

Status CheckFields(const std::string& text, const std::string& path, const Json& config) {
  constexpr std::string_view kConfig = "config";
  for (const std::string_view fallback : kFallbacks) {
    if (text.find(fallback) != std::string::npos) return Status::Ok();
  }
  const std::string_view all = text;
  for (size_t at = all.find(kConfig); at != all.npos; at = all.find(kConfig, at + 1)) {
    if (at > 0 && (IsNameCharacter(all[at - 1]) || all[at - 1] == '\'')) continue;
    const std::string_view field = FieldBehindConfig(all.substr(at + kConfig.size()));
    if (field.empty() || config.contains(std::string(field))) continue;
    return ConfigError(
        "{} names config['{}'], which the configuration doesn't have: add {} beside url_base, or "
        "say what else to take: config.get('{}', '')",
        path, field, field, field);
  }
  return Status::Ok();
}

}  // namespace

Status CheckRestTemplate(const std::string& text, const std::string& path, const Json& config) {
  if (text.find("{{") == std::string::npos && text.find("{%") == std::string::npos) {
    return Status::Ok();
  }
  const auto read = JinjaTemplate::Read(text);
  if (!read->status().ok()) {
    return ConfigError("{} is no template that can be read: {}", path, read->status().ToString());
  }
  const std::vector<std::string>& names = read->binding().names;
  for (size_t i = 0; i < names.size(); ++i) {
    const bool known = read->GlobalOf(i) != nullptr ||
                       std::find(kTemplateVariables.begin(), kTemplateVariables.end(), names[i]) !=
                           kTemplateVariables.end();
    if (known || text.find("defined") != std::string::npos) continue;
    return ConfigError("{} names {}, which templates don't have{}", path, names[i],
                       DidYouMean(names[i], kTemplateVariables, 1));
  }
  return CheckFields(text, path, config);
}

Status CheckRestTemplates(const Json& value, const std::string& path, const Json& config) {
  if (value.is_string()) {
    return CheckRestTemplate(value.get_ref<const std::string&>(), path, config);
  }
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      MR_RETURN_IF_ERROR(CheckRestTemplates(member, fmt::format("{}.{}", path, name), config));
    }
  }
  for (size_t i = 0; value.is_array() && i < value.size(); ++i) {
    MR_RETURN_IF_ERROR(CheckRestTemplates(value[i], fmt::format("{}[{}]", path, i), config));
  }
  return Status::Ok();
}

bool RestTemplatesName(const Json& config, std::string_view key) {
  if (config.is_string()) {
    const std::string& text = config.get_ref<const std::string&>();
    return text.find('{') != std::string::npos && text.find(key) != std::string::npos;
  }
  return config.is_structured() && std::any_of(config.begin(), config.end(), [&](const Json& each) {
           return RestTemplatesName(each, key);
         });
}

}  // namespace millrace
