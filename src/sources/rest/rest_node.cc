#include "sources/rest/rest_node.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/nearest_names.h"

namespace millrace {
namespace {

/// A number or a flag as the text that an API gets; nothing for what is none.
std::optional<std::string> ScalarText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

}  // namespace

const Json* RestNode::Find(std::string_view field) const {
  if (!value_->is_object()) return nullptr;
  const auto found = value_->find(std::string(field));
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

std::string RestNode::PathOf(std::string_view field) const {
  return path_.empty() ? std::string(field) : fmt::format("{}.{}", path_, field);
}

Status RestNode::FieldError(std::string_view field, std::string_view what) const {
  return ConfigError("{} {}", PathOf(field), what);
}

Result<RestNode> RestNode::Group(std::string_view field) const {
  static const Json kNone = Json::object();
  const Json* found = Find(field);
  if (found == nullptr) return RestNode(kNone, PathOf(field), *config_);
  if (!found->is_object()) return FieldError(field, "must be a group of fields");
  return RestNode(*found, PathOf(field), *config_);
}

Result<std::vector<RestNode>> RestNode::Groups(std::string_view field) const {
  std::vector<RestNode> groups;
  const Json* found = Find(field);
  if (found == nullptr) return groups;
  if (!found->is_array()) return FieldError(field, "must be a list");
  for (size_t i = 0; i < found->size(); ++i) {
    const std::string path = fmt::format("{}[{}]", PathOf(field), i);
    if (!(*found)[i].is_object()) return ConfigError("{} must be a group of fields", path);
    groups.emplace_back((*found)[i], path, *config_);
  }
  return groups;
}

Result<std::string> RestNode::Text(std::string_view field, std::string_view missing) const {
  const Json* found = Find(field);
  if (found == nullptr) return std::string(missing);
  if (!found->is_string()) return FieldError(field, "must be text");
  const std::string& text = found->get_ref<const std::string&>();
  MR_RETURN_IF_ERROR(CheckRestTemplate(text, PathOf(field), *config_));
  return text;
}

Result<std::string> RestNode::NeededText(std::string_view field) const {
  MR_ASSIGN_OR_RETURN(std::string text, Text(field));
  if (text.empty()) return FieldError(field, "is missing");
  return text;
}

Result<int64_t> RestNode::Count(std::string_view field, int64_t missing, int64_t least) const {
  constexpr int64_t kMost = 1'000'000'000;
  const Json* found = Find(field);
  if (found == nullptr) return missing;
  const bool fits = found->is_number_integer() && *found >= least && *found <= kMost;
  if (!fits) {
    return FieldError(field, fmt::format("is {}; it must be a whole number of at least {}",
                                         found->dump(), least));
  }
  return found->get<int64_t>();
}

Result<bool> RestNode::Flag(std::string_view field, bool missing) const {
  const Json* found = Find(field);
  if (found == nullptr) return missing;
  if (!found->is_boolean()) return FieldError(field, "must be true or false");
  return found->get<bool>();
}

Result<std::string> RestNode::Choice(std::string_view field,
                                     std::vector<std::string> allowed) const {
  const Json* found = Find(field);
  if (found == nullptr) return allowed.front();
  const std::string given = found->is_string() ? found->get<std::string>() : found->dump();
  if (std::find(allowed.begin(), allowed.end(), given) == allowed.end()) {
    return FieldError(field, fmt::format("is \"{}\"; allowed: {}{}", given,
                                         fmt::join(allowed, ", "), DidYouMean(given, allowed, 1)));
  }
  return given;
}

Result<std::vector<std::string>> RestNode::Names(std::string_view field) const {
  std::vector<std::string> names;
  const Json* found = Find(field);
  if (found == nullptr) return names;
  const Json list = found->is_array() ? *found : Json::array({*found});
  for (const Json& name : list) {
    if (!name.is_string()) return FieldError(field, "must be a name or a list of names");
    if (!name.get_ref<const std::string&>().empty()) names.push_back(name.get<std::string>());
  }
  return names;
}

Result<std::vector<std::string>> RestNode::Steps(std::string_view field) const {
  const Json* found = Find(field);
  if (found == nullptr || !found->is_string()) return Names(field);
  std::vector<std::string> steps;
  std::string_view rest = found->get_ref<const std::string&>();
  if (rest.starts_with("$.")) rest.remove_prefix(2);
  if (rest == "$" || rest.empty()) return steps;
  while (true) {
    const size_t dot = rest.find('.');
    steps.emplace_back(rest.substr(0, dot));
    if (steps.back().empty()) {
      return FieldError(field, fmt::format("is {}; it must be names with a point between them, "
                                           "such as data.items",
                                           found->dump()));
    }
    if (dot == std::string_view::npos) return steps;
    rest.remove_prefix(dot + 1);
  }
}

Result<Json> RestNode::Texts(std::string_view field) const {
  Json texts = Json::object();
  MR_ASSIGN_OR_RETURN(const RestNode group, Group(field));
  if (!group.value().is_object()) return texts;
  for (const auto& [name, value] : group.value().items()) {
    if (value.is_null()) continue;
    const std::optional<std::string> text = ScalarText(value);
    if (!text) return group.FieldError(name, "must be text, a number, true or false");
    MR_RETURN_IF_ERROR(CheckRestTemplate(*text, group.PathOf(name), *config_));
    texts[name] = *text;
  }
  return texts;
}

}  // namespace millrace
