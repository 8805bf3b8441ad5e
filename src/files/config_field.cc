#include "files/config_field.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

const Json* Find(const Json& object, const char* field) {
  const auto found = object.is_object() ? object.find(field) : object.end();
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

Result<std::string> TextField(const Json& object, const char* field, std::string_view absent) {
  const Json* const found = Find(object, field);
  if (found == nullptr) return std::string(absent);
  if (!found->is_string()) return ConfigError("{} must be a text", field);
  return found->get<std::string>();
}

Result<bool> FlagField(const Json& object, const char* field, bool absent) {
  const Json* const found = Find(object, field);
  if (found == nullptr) return absent;
  if (!found->is_boolean()) return ConfigError("{} must be true or false", field);
  return found->get<bool>();
}

Result<int64_t> CountField(const Json& object, const char* field, int64_t absent, int64_t least) {
  const Json* const found = Find(object, field);
  if (found == nullptr) return absent;
  constexpr int64_t kMost = 1'000'000'000;
  if (!found->is_number_integer() || found->get<int64_t>() < least ||
      found->get<int64_t>() > kMost) {
    return ConfigError("{} must be a whole number from {} on, not {}", field, least, found->dump());
  }
  return found->get<int64_t>();
}

Result<std::vector<std::string>> ListField(const Json& object, const char* field) {
  const Json* const found = Find(object, field);
  std::vector<std::string> texts;
  if (found == nullptr) return texts;
  if (!found->is_array()) return ConfigError("{} must be a list of texts", field);
  for (const Json& text : *found) {
    if (!text.is_string()) return ConfigError("{} must be a list of texts", field);
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

Result<std::optional<char>> CharacterField(const Json& object, const char* field,
                                           std::optional<char> absent) {
  const Json* const found = Find(object, field);
  if (found == nullptr) return absent;
  const std::string text = found->is_string() ? found->get<std::string>() : "too long";
  if (text == "\\t") return std::optional<char>('\t');
  if (text.empty()) return std::optional<char>();
  if (text.size() > 1 || static_cast<unsigned char>(text[0]) >= 0x80) {
    return ConfigError("{} must be one ASCII character, not {}", field, found->dump());
  }
  return std::optional<char>(text[0]);
}

}  // namespace millrace
