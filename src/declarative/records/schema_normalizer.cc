#include "declarative/records/schema_normalizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/records/python_cast.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

/// Values nested deeper than this, or references that lead in a circle.
constexpr int kDepthMax = 300;

constexpr std::string_view kTrueTexts[] = {"y", "yes", "t", "true", "on", "1"};
constexpr std::string_view kFalseTexts[] = {"n", "no", "f", "false", "off", "0"};
constexpr std::string_view kPlainTypes[] = {"string", "number", "integer", "boolean", "null"};

bool IsPlainType(const PyValue& name) {
  return name.is_str() && std::ranges::find(kPlainTypes, name.str()) != std::end(kPlainTypes);
}

bool IsPlainValue(const PyValue& value) {
  return value.is_none() || value.is_bool() || value.is_int() || value.is_float() ||
         value.is_str() || value.kind() == Kind::kBigInt;
}

/// Text as a bool; nothing: it is none.
std::optional<bool> BoolOf(const std::string& text) {
  std::string word;
  for (const char character : text) {
    word += static_cast<char>(character >= 'A' && character <= 'Z' ? character + 32 : character);
  }
  const size_t first = word.find_first_not_of(" \t\n\r\f\v");
  word = first == word.npos ? ""
                            : word.substr(first, word.find_last_not_of(" \t\n\r\f\v") + 1 - first);
  if (std::ranges::find(kTrueTexts, word) != std::end(kTrueTexts)) return true;
  if (std::ranges::find(kFalseTexts, word) != std::end(kFalseTexts)) return false;
  return std::nullopt;
}

}  // namespace

Result<SchemaNormalizer> SchemaNormalizer::Make(const PyValue& schema) {
  SchemaNormalizer made;
  if (!PyTruthy(schema)) return made;
  MR_RETURN_IF_ERROR(made.Compile(schema, schema).status());
  made.known_.clear();
  return made;
}

void SchemaNormalizer::CompileTarget(const PyValue& schema, Node* node) {
  const PyValue* const type = schema.Find("type");
  std::string name;
  if (type != nullptr && type->is_str()) {
    name = type->str();
    node->keeps_null = name.find("null") != name.npos;  // Python's `in`, on text
  } else if (type != nullptr && type->is_list()) {
    std::vector<std::string> names;
    for (const PyValue& each : type->items()) {
      if (each.is_str() && each.str() == "null") {
        node->keeps_null = true;
      } else {
        names.push_back(each.is_str() ? each.str() : "");
      }
    }
    if (names.size() != 1) return;
    name = names[0];
  }
  if (name == "string") node->target = Target::kString;
  if (name == "number") node->target = Target::kNumber;
  if (name == "integer") node->target = Target::kInteger;
  if (name == "boolean") node->target = Target::kBoolean;
  if (name != "array") return;
  node->target = Target::kArray;
  const PyValue* const items = schema.Find("items");
  if (items == nullptr) {
    node->wraps = true;
  } else if (!items->is_dict()) {
    node->target = Target::kBroken;
    node->broken = fmt::format("'{}' object has no attribute 'get'", PyTypeName(*items));
  } else {
    // A type that is no list counts as the set of its letters.
    const PyValue* const types = items->Find("type");
    node->wraps = types == nullptr ||
                  (types->is_list() && std::ranges::all_of(types->items(), IsPlainType)) ||
                  (types->is_str() && types->str().empty());
  }
}

Result<const SchemaNormalizer::Node*> SchemaNormalizer::Compile(const PyValue& schema,
                                                                const PyValue& root) {
  if (schema.is_bool()) {  // true and false as schemas: nothing to follow
    nodes_.emplace_back();
    nodes_.back().target = Target::kBroken;
    nodes_.back().broken = "'bool' object has no attribute 'get'";
    return &nodes_.back();
  }
  if (!schema.is_dict()) {
    return SystemError("schema normalisation: a part of the schema is no object but {}",
                       PyTypeName(schema));
  }
  const auto [known, fresh] = known_.try_emplace(schema.object(), nullptr);
  if (!fresh) return known->second;
  nodes_.emplace_back();
  Node* const node = &nodes_.back();
  known->second = node;
  CompileTarget(schema, node);
  if (const PyValue* properties = schema.Find("properties"); properties && properties->is_dict()) {
    for (const auto& [name, within] : properties->dict()) {
      MR_ASSIGN_OR_RETURN(const Node* child, Compile(within, root));
      node->properties.emplace_back(name, child);
    }
  }
  if (const PyValue* items = schema.Find("items")) {
    if (items->is_list()) {
      nodes_.emplace_back();  // a schema for each place: the CDK fails at the first item
      nodes_.back().target = Target::kBroken;
      nodes_.back().broken = "'list' object has no attribute 'get'";
      node->items = &nodes_.back();
    } else {
      MR_ASSIGN_OR_RETURN(node->items, Compile(*items, root));
    }
  }
  if (const PyValue* reference = schema.Find("$ref"); reference && reference->is_str()) {
    MR_ASSIGN_OR_RETURN(node->reference, Resolve(reference->str(), root));
  }
  return node;
}

Result<const SchemaNormalizer::Node*> SchemaNormalizer::Resolve(const std::string& reference,
                                                                const PyValue& root) {
  if (reference.empty() || reference[0] != '#') {
    return SystemError("schema normalisation: $ref \"{}\" is outside of the schema", reference);
  }
  const PyValue* at = &root;
  for (size_t from = 1; from < reference.size();) {
    const size_t end = std::min(reference.find('/', from + 1), reference.size());
    std::string key = reference.substr(from + 1, end - from - 1);
    for (const auto& [code, plain] : {std::pair("~1", "/"), std::pair("~0", "~")}) {
      for (size_t found = key.find(code); found != key.npos; found = key.find(code, found + 1)) {
        key.replace(found, 2, plain);
      }
    }
    at = at->Find(key);
    if (at == nullptr) {
      return SystemError("schema normalisation: $ref \"{}\" leads nowhere", reference);
    }
    from = end;
  }
  return Compile(*at, root);
}

Status SchemaNormalizer::Normalize(const PyValue& record) const {
  return nodes_.empty() ? Status::Ok() : Walk(nodes_.front(), record, 0);
}

/// Casts what stands in `value`, then goes into it.
Status SchemaNormalizer::Walk(const Node& node, const PyValue& value, int depth) {
  if (depth > kDepthMax) return PyError("RecursionError", "maximum recursion depth exceeded");
  if (node.reference != nullptr) {
    MR_RETURN_IF_ERROR(Walk(*node.reference, value, depth + 1));
  }
  if (value.is_dict() && !node.properties.empty()) {
    for (const auto& [name, child] : node.properties) {
      const PyValue* const there = value.dict().Find(name);
      if (there == nullptr) continue;
      MR_ASSIGN_OR_RETURN(PyValue cast, Cast(*child, *there));
      *const_cast<PyValue*>(there) = std::move(cast);
    }
    for (const auto& [name, child] : node.properties) {
      const PyValue* const there = value.dict().Find(name);
      if (there == nullptr || (!there->is_dict() && !there->is_list())) continue;
      MR_RETURN_IF_ERROR(Walk(*child, PyValue(*there), depth + 1));
    }
  }
  if (value.is_list() && node.items != nullptr) {
    PyList& items = value.mutable_items();
    for (PyValue& item : items) {
      MR_ASSIGN_OR_RETURN(item, Cast(*node.items, item));
    }
    for (const PyValue& item : items) {
      if (item.is_dict() || item.is_list()) {
        MR_RETURN_IF_ERROR(Walk(*node.items, item, depth + 1));
      }
    }
  }
  return Status::Ok();
}

Result<PyValue> SchemaNormalizer::Cast(const Node& node, const PyValue& value) {
  if (value.is_none() && node.keeps_null) return value;
  Result<PyValue> cast = value;
  switch (node.target) {
    case Target::kAsIs:
      return value;
    case Target::kBroken:
      return PyError("AttributeError", node.broken);
    case Target::kString:
      return value.is_str() ? value : PyValue(PyStr(value));
    case Target::kNumber:
      cast = PyFloatOf(value);
      break;
    case Target::kInteger:
      cast = PyIntOf(value);
      break;
    case Target::kBoolean: {
      if (!value.is_str()) return PyValue(PyTruthy(value));
      const std::optional<bool> flag = BoolOf(value.str());
      return flag ? PyValue(*flag) : value;
    }
    case Target::kArray:
      return node.wraps && IsPlainValue(value) ? PyValue::List({value}) : value;
  }
  if (cast.ok()) return cast;
  if (IsPyError(cast.status(), "ValueError") || IsPyError(cast.status(), "TypeError")) return value;
  return cast.status();
}

}  // namespace millrace
