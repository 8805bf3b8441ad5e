#include "catalogue/config_validation.h"

#include <nlohmann/json.hpp>

#include "base/json_parsing.h"
#include "base/nearest_names.h"
#include "base/secrets.h"
#include "catalogue/schema_validator.h"
#include "catalogue/spec_schema.h"
#include "catalogue/violation_text.h"

namespace millrace {
namespace {

/// `text` as a value of one of the schema's types; the text itself when it is none.
Json AsTyped(const Json& schema, const std::string& text) {
  std::vector<std::string> types = TypesOf(schema);
  if (const Json* branches = BranchesOf(schema)) {
    for (const Json& branch : *branches) {
      for (const std::string& type : TypesOf(branch)) types.push_back(type);
    }
  }
  for (const std::string& type : types) {
    if (type == "string") return text;
  }
  const Json parsed = ParseJson(text);
  if (parsed.is_discarded() || parsed.is_string()) return text;
  for (const std::string& type : types) {
    if (HasType(parsed, type)) return parsed;
  }
  return text;
}

/// One walk along configuration and schema: steps 1 and 3.
class Fitting {
 public:
  Fitting(const std::set<std::string>& from_environment, std::vector<std::string>* warnings)
      : from_environment_(from_environment), warnings_(warnings) {}

  void Fit(const Json& schema, const std::string& pointer, const std::string& path, Json* value) {
    if (value->is_string() && from_environment_.contains(pointer)) {
      *value = AsTyped(schema, value->get<std::string>());
      return;
    }
    if (value->is_object()) FitObject(schema, pointer, path, value);
    if (value->is_array() && schema.is_object() && schema.contains("items")) {
      for (size_t i = 0; i < value->size(); ++i) {
        const std::string index = std::to_string(i);
        Fit(schema["items"], pointer + "/" + index, path + "[" + index + "]", &(*value)[i]);
      }
    }
  }

 private:
  void FitObject(const Json& schema, const std::string& pointer, const std::string& path,
                 Json* value) {
    const Json object = *value;
    for (const auto& [key, unused] : object.items()) {
      if (const Json* property = PropertySchema(schema, object, key)) {
        Fit(*property, pointer + "/" + key, path + "." + key, &(*value)[key]);
      } else {
        WarnUnknown(schema, object, path, key);
      }
    }
  }

  void WarnUnknown(const Json& schema, const Json& object, const std::string& path,
                   const std::string& key) {
    const Json* branches = BranchesOf(schema);
    const Json* branch = branches == nullptr ? nullptr : ChosenBranch(*branches, object);
    if (branches != nullptr && branch == nullptr) return;  // the choice itself is the error
    std::vector<std::string> known;
    for (const Json* part : {&schema, branch}) {
      if (part == nullptr || !part->is_object() || !part->contains("properties")) continue;
      for (const auto& [name, unused] : (*part)["properties"].items()) known.push_back(name);
    }
    if (known.empty()) return;
    warnings_->push_back(fmt::format("{}.{} is not known to this connector and is ignored{}", path,
                                     key, DidYouMean(key, known, 1)));
  }

  const std::set<std::string>& from_environment_;
  std::vector<std::string>* warnings_;
};

/// The schema with each oneOf replaced by the branch that the document chose, so that the
/// validator's complaints are about that branch. A oneOf without a choice stays.
Json Narrowed(const Json& schema, const Json& value) {
  if (!schema.is_object()) return schema;
  Json narrowed = schema;
  if (const Json* branches = BranchesOf(schema)) {
    if (const Json* branch = ChosenBranch(*branches, value)) {
      Json chosen = Narrowed(*branch, value);
      narrowed.erase("oneOf");
      narrowed.erase("anyOf");
      narrowed["allOf"] = Json::array({std::move(chosen)});
    }
  }
  if (value.is_object() && narrowed.contains("properties")) {
    for (const auto& [key, member] : value.items()) {
      Json& properties = narrowed["properties"];
      if (properties.contains(key)) properties[key] = Narrowed(properties[key], member);
    }
  }
  const auto items = narrowed.find("items");
  if (value.is_array() && items != narrowed.end() && items->is_object()) {
    Json each = Json::array();  // a schema for every item
    for (const Json& item : value) each.push_back(Narrowed(*items, item));
    *items = std::move(each);
  }
  return narrowed;
}

}  // namespace

void RegisterSecrets(const Json& schema, const Json& value) {
  if (!schema.is_object()) return;
  if (schema.value("airbyte_secret", Json(false)) == Json(true) && value.is_string()) {
    Secrets::Register(value.get_ref<const std::string&>());
  }
  // Those of every branch, so that a wrong choice reveals nothing.
  for (const char* keyword : {"oneOf", "anyOf", "allOf"}) {
    const auto branches = schema.find(keyword);
    if (branches == schema.end() || !branches->is_array()) continue;
    for (const Json& branch : *branches) RegisterSecrets(branch, value);
  }
  const auto properties = schema.find("properties");
  if (value.is_object() && properties != schema.end() && properties->is_object()) {
    for (const auto& [key, property] : properties->items()) {
      if (value.contains(key)) RegisterSecrets(property, value[key]);
    }
  }
  if (value.is_array() && schema.contains("items")) {
    for (const Json& item : value) RegisterSecrets(schema["items"], item);
  }
}

void FitTypes(const Json& connection_specification, const std::set<std::string>& from_environment,
              Json* config) {
  std::vector<std::string> ignored;
  Fitting(from_environment, &ignored).Fit(connection_specification, "", "", config);
  RegisterSecrets(connection_specification, *config);
}

Result<CheckedConfig> CheckConfig(const Json& connection_specification, std::string_view where,
                                  const std::set<std::string>& from_environment, Json* config) {
  if (config->is_null()) *config = Json::object();
  if (!config->is_object()) return ConfigError("{} must be a group of fields", where);
  CheckedConfig checked;
  Fitting(from_environment, &checked.warnings)
      .Fit(connection_specification, "", std::string(where), config);
  RegisterSecrets(connection_specification, *config);
  const auto violations = ValidateSchema(Narrowed(connection_specification, *config), *config);
  if (violations.empty()) return checked;
  // The innermost says most.
  const SchemaViolation* deepest = &violations.front();
  for (const SchemaViolation& violation : violations) {
    if (violation.path.size() > deepest->path.size()) deepest = &violation;
  }
  return ConfigError("{}", ViolationText(connection_specification, *config, where, *deepest));
}

}  // namespace millrace
