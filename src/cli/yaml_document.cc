#include "cli/yaml_document.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

constexpr int kDepthMax = 64;
constexpr int kNodesMax = 200000;

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (word == text) return true;
  }
  return false;
}

bool IsDecimal(std::string_view text) {
  bool digits = false, point = false, exponent = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      digits = true;
    } else if (c == '.' && !point && !exponent) {
      point = true;
    } else if ((c == 'e' || c == 'E') && digits && !exponent && i + 1 < text.size()) {
      exponent = true;
      digits = false;
      if (text[i + 1] == '+' || text[i + 1] == '-') ++i;
    } else {
      return false;
    }
  }
  return digits;
}

/// A plain scalar by YAML 1.2's core schema. Numbers that no machine type holds stay texts.
Json PlainScalar(const std::string& text) {
  if (IsOneOf(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (IsOneOf(text, {"true", "True", "TRUE"})) return true;
  if (IsOneOf(text, {"false", "False", "FALSE"})) return false;
  std::string_view number = text;
  if (number.starts_with('+')) number.remove_prefix(1);
  int64_t integer = 0;
  const char* end = number.data() + number.size();
  if (number.starts_with("0x") || number.starts_with("0o")) {
    const int base = number[1] == 'x' ? 16 : 8;
    const auto [at, error] = std::from_chars(number.data() + 2, end, integer, base);
    if (error == std::errc() && at == end) return integer;
    return text;
  }
  if (const auto [at, error] = std::from_chars(number.data(), end, integer);
      error == std::errc() && at == end) {
    return integer;
  }
  const std::string_view unsigned_part = number.substr(number.starts_with('-') ? 1 : 0);
  double real = 0;
  if (!IsDecimal(unsigned_part) || unsigned_part.find_first_of(".eE") == std::string_view::npos) {
    return text;
  }
  if (const auto [at, error] = std::from_chars(number.data(), end, real);
      error == std::errc() && at == end) {
    return real;
  }
  return text;
}

}  // namespace

std::string PointerPart(std::string_view key) {
  std::string part;
  for (const char c : key) {
    if (c == '~') {
      part += "~0";
    } else if (c == '/') {
      part += "~1";
    } else {
      part += c;
    }
  }
  return part;
}

/// Turns yaml-cpp's nodes into the document. Without an environment ${…} means nothing.
class YamlReader {
 public:
  YamlReader(YamlDocument* document, const Environment* environment)
      : document_(document), environment_(environment) {}

  Result<Json> Read(const YAML::Node& node, const std::string& pointer, int depth) {
    if (depth > kDepthMax) return document_->ErrorAt(pointer, "nested too deeply");
    if (++nodes_ > kNodesMax) return document_->ErrorAt(pointer, "the file holds too many values");
    document_->places_.try_emplace(pointer, PlaceOf(node));
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return Scalar(node, pointer);
      case YAML::NodeType::Sequence:
        return Sequence(node, pointer, depth);
      case YAML::NodeType::Map:
        return Map(node, pointer, depth);
      default:
        return Json();
    }
  }

 private:
  static YamlDocument::Place PlaceOf(const YAML::Node& node) {
    return {node.Mark().line + 1, node.Mark().column + 1};
  }

  Result<Json> Scalar(const YAML::Node& node, const std::string& pointer) {
    auto resolved = environment_ == nullptr ? ResolvedText{node.Scalar()}
                                            : ResolveEnvironment(node.Scalar(), *environment_);
    if (!resolved.ok()) return document_->ErrorAt(pointer, resolved.status().ToString());
    if (resolved->replaced) document_->from_environment_.insert(pointer);
    // yaml-cpp tags plain scalars "?" and quoted ones "!".
    const bool plain = node.Tag() == "?" && !resolved->replaced && resolved->text == node.Scalar();
    return plain ? PlainScalar(resolved->text) : Json(resolved->text);
  }

  Result<Json> Sequence(const YAML::Node& node, const std::string& pointer, int depth) {
    Json array = Json::array();
    for (const YAML::Node& item : node) {
      MR_ASSIGN_OR_RETURN(Json value,
                          Read(item, pointer + "/" + std::to_string(array.size()), depth + 1));
      array.push_back(std::move(value));
    }
    return array;
  }

  Result<Json> Map(const YAML::Node& node, const std::string& pointer, int depth) {
    Json object = Json::object();
    for (const auto& entry : node) {
      const YAML::Node& key_node = entry.first;
      if (!key_node.IsScalar()) return document_->ErrorAt(pointer, "a key must be a plain text");
      const std::string& key = key_node.Scalar();
      const std::string below = pointer + "/" + PointerPart(key);
      document_->places_[below] = PlaceOf(key_node);
      if (object.contains(key)) {
        return document_->ErrorAt(below, fmt::format("the key {} stands here twice", key));
      }
      MR_ASSIGN_OR_RETURN(object[key], Read(entry.second, below, depth + 1));
    }
    return object;
  }

  YamlDocument* document_;
  const Environment* environment_;
  int nodes_ = 0;
};

Result<YamlDocument> YamlDocument::Parse(std::string_view text, std::string name,
                                         const Environment& environment) {
  return ParseWith(text, std::move(name), &environment);
}

Result<YamlDocument> YamlDocument::ParseLiterally(std::string_view text, std::string name) {
  return ParseWith(text, std::move(name), nullptr);
}

Result<YamlDocument> YamlDocument::ParseWith(std::string_view text, std::string name,
                                             const Environment* environment) {
  YamlDocument document;
  document.name_ = std::move(name);
  try {
    const std::vector<YAML::Node> nodes = YAML::LoadAll(std::string(text));
    if (nodes.size() > 1) {
      return ConfigError("{}: holds {} YAML documents; one is allowed", document.name_,
                         nodes.size());
    }
    if (nodes.empty() || nodes[0].IsNull()) return ConfigError("{}: is empty", document.name_);
    MR_ASSIGN_OR_RETURN(Json root, YamlReader(&document, environment).Read(nodes[0], "", 0));
    document.root_ = JsonValue(std::move(root));
    return document;
  } catch (const YAML::Exception& error) {
    const bool brace = environment != nullptr && text.find("${") != std::string_view::npos;
    return ConfigError("{}:{}:{}: this is not valid YAML: {}{}", document.name_,
                       error.mark.line + 1, error.mark.column + 1, error.msg,
                       brace ? " (inside { } or [ ], put ${…} in quotes)" : "");
  } catch (const std::exception& error) {
    return ConfigError("{}: this is not valid YAML: {}", document.name_, error.what());
  }
}

std::set<std::string> YamlDocument::FromEnvironmentBelow(const std::string& pointer) const {
  std::set<std::string> below;
  for (const std::string& place : from_environment_) {
    if (place.starts_with(pointer + "/")) below.insert(place.substr(pointer.size()));
  }
  return below;
}

std::string YamlDocument::PlaceOf(std::string pointer) const {
  for (;;) {
    if (const auto found = places_.find(pointer); found != places_.end()) {
      return fmt::format("{}:{}:{}", name_, found->second.line, found->second.column);
    }
    const size_t slash = pointer.rfind('/');
    if (slash == std::string::npos) return name_;
    pointer.resize(slash);
  }
}

Status YamlDocument::ErrorAt(const std::string& pointer, std::string_view message) const {
  return ConfigError("{}: {}", PlaceOf(pointer), message);
}

}  // namespace millrace
