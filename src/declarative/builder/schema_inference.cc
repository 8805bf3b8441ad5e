#include "declarative/builder/schema_inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace millrace {

/// What was seen at one place of the records. `kinds`: each once, in the order in which they came.
struct SchemaInference::Node {
  std::vector<std::string> kinds;
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> properties;  // in their order
  std::map<std::string, size_t, std::less<>> places;                      // in `properties`
  std::unique_ptr<Node> items;                                            // null: none was seen

  void Add(const Json& value);
  Node& Property(const std::string& name);
  Json Schema() const;
  Json SchemaOf(const std::string& kind) const;
};

namespace {

std::string KindOf(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "boolean";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : "object";
}

/// Null as the last of the types that the node may have.
void AllowNull(Json* node) {
  Json& type = (*node)["type"];
  if (!type.is_array()) type = Json::array({type});
  Json types = Json::array();
  for (const Json& one : type) {
    if (one != "null") types.push_back(one);
  }
  types.push_back("null");
  type = std::move(types);
}

void TakeNull(Json* node) {
  const auto type = node->find("type");
  if (type == node->end() || !type->is_array()) return;
  Json types = Json::array();
  for (const Json& one : *type) {
    if (one != "null") types.push_back(one);
  }
  *type = types.size() == 1 ? Json(types[0]) : types;
}

/// Lets every place be null, and drops what says nothing: fields that are null only, and a choice
/// between null and one other.
void Clean(Json* node) {
  if (const auto any = node->find("anyOf"); any != node->end()) {
    const Json null{{"type", "null"}};
    const bool first = (*any)[0] == null;
    if (any->size() == 2 && (first || (*any)[1] == null)) {
      const Json real = (*any)[first ? 1 : 0];
      node->erase("anyOf");
      node->update(real);
    } else {
      return;  // a choice has no type of its own
    }
  }
  if (const auto properties = node->find("properties"); properties != node->end()) {
    Json kept = Json::object();
    for (auto& [name, property] : properties->items()) {
      const auto type = property.find("type");
      if (type != property.end() && *type == "null") continue;
      Clean(&property);
      kept[name] = std::move(property);
    }
    *properties = std::move(kept);
  }
  if (const auto items = node->find("items"); items != node->end()) Clean(&*items);
  AllowNull(node);
}

}  // namespace

SchemaInference::Node& SchemaInference::Node::Property(const std::string& name) {
  const auto [place, fresh] = places.try_emplace(name, properties.size());
  if (fresh) properties.emplace_back(name, std::make_unique<Node>());
  return *properties[place->second].second;
}

void SchemaInference::Node::Add(const Json& value) {
  const std::string kind = KindOf(value);
  if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) Property(name).Add(member);
  } else if (value.is_array() && !value.empty()) {
    if (!items) items = std::make_unique<Node>();
    for (const Json& item : value) items->Add(item);
  }
}

Json SchemaInference::Node::SchemaOf(const std::string& kind) const {
  Json schema{{"type", kind}};
  if (kind == "object" && !properties.empty()) {
    Json& all = schema["properties"] = Json::object();
    for (const auto& [name, property] : properties) all[name] = property->Schema();
  }
  if (kind == "array" && items) schema["items"] = items->Schema();
  return schema;
}

Json SchemaInference::Node::Schema() const {
  std::set<std::string> plain;
  Json choices = Json::array();
  for (const std::string& kind : kinds) {
    Json schema = SchemaOf(kind);
    if (schema.size() == 1) {
      plain.insert(kind);
    } else {
      choices.push_back(std::move(schema));
    }
  }
  if (!plain.empty()) {
    const Json types = plain.size() == 1 ? Json(*plain.begin()) : Json(plain);
    choices.insert(choices.begin(), Json{{"type", types}});
  }
  if (choices.size() == 1) return choices[0];
  return {{"anyOf", std::move(choices)}};
}

SchemaInference::SchemaInference() : root_(std::make_unique<Node>()) {}
SchemaInference::~SchemaInference() = default;

void SchemaInference::Add(const Json& record) {
  ++records_;
  root_->Add(record);
}

Json SchemaInference::Schema(const std::vector<std::string>& required,
                             std::vector<std::string>* problems) const {
  Json schema{{"$schema", "http://json-schema.org/schema#"}};
  schema.update(root_->Schema());
  Clean(&schema);
  schema["type"] = "object";
  Json names = Json::array();
  for (const std::string& name : required) {
    const auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->contains(name)) {
      problems->push_back(fmt::format(
          "no record has a value in {}, which is (part of) the primary key or cursor", name));
      continue;
    }
    TakeNull(&(*properties)[name]);
    if (std::ranges::find(names, Json(name)) == names.end()) names.push_back(name);
  }
  if (!names.empty()) schema["required"] = std::move(names);
  return schema;
}

}  // namespace millrace
