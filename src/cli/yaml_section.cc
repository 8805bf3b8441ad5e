#include "cli/yaml_section.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/nearest_names.h"
#include "cli/duration_text.h"

namespace millrace {

Result<YamlSection> YamlSection::At(const YamlDocument& document, std::string pointer) {
  const Json& value = document.root()[Json::json_pointer(pointer)];
  if (!value.is_object()) {
    const std::string key = pointer.empty() ? "the file" : pointer.substr(pointer.rfind('/') + 1);
    return document.ErrorAt(pointer, key + " must be a mapping (lines of key: value)");
  }
  return YamlSection(document, std::move(pointer), value);
}

Status YamlSection::AllowOnly(const std::vector<std::string>& known) const {
  for (const auto& [key, unused] : object_->items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string near = DidYouMean(key, known, 1);
    if (near.empty()) near = fmt::format("; known here: {}", fmt::join(known, ", "));
    return ErrorAt(key, fmt::format("unknown key {}{}", key, near));
  }
  return Status::Ok();
}

const Json* YamlSection::Find(const std::string& key) const {
  const auto found = object_->find(key);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

Status YamlSection::ErrorAt(const std::string& key, std::string_view message) const {
  return document_->ErrorAt(PointerOf(key), message);
}

Result<std::optional<std::string>> YamlSection::Text(const std::string& key) const {
  const Json* value = Find(key);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) {
    const bool scalar = value->is_number() || value->is_boolean();
    return ErrorAt(key, fmt::format("{} must be text{}", key, scalar ? ": put it in quotes" : ""));
  }
  return std::optional<std::string>(value->get<std::string>());
}

Result<std::string> YamlSection::Choice(const std::string& key,
                                        std::initializer_list<std::string_view> allowed,
                                        std::string_view fallback) const {
  const Json* value = Find(key);
  if (value == nullptr) return std::string(fallback);
  const std::string text = value->is_string() ? value->get<std::string>() : value->dump();
  if (value->is_string() && std::find(allowed.begin(), allowed.end(), text) != allowed.end()) {
    return text;
  }
  const std::vector<std::string> names(allowed.begin(), allowed.end());
  return ErrorAt(key, fmt::format("{} is {}; allowed: {}{}", key, text, fmt::join(names, ", "),
                                  DidYouMean(text, names, 1)));
}

Result<std::optional<std::chrono::milliseconds>> YamlSection::Duration(
    const std::string& key) const {
  const Json* value = Find(key);
  if (value == nullptr) return std::optional<std::chrono::milliseconds>();
  const auto span = ParseDuration(value->is_string() ? value->get<std::string>() : value->dump());
  if (!span.ok()) return ErrorAt(key, key + " " + span.status().ToString());
  return std::optional<std::chrono::milliseconds>(*span);
}

Result<std::vector<std::string>> YamlSection::Texts(const std::string& key) const {
  std::vector<std::string> texts;
  const Json* value = Find(key);
  if (value == nullptr) return texts;
  const Json list = value->is_array() ? *value : Json::array({*value});
  for (const Json& item : list) {
    if (!item.is_string()) return ErrorAt(key, key + " must be a list of texts");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

}  // namespace millrace
