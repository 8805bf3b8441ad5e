#include "files/file_stream_config.h"

#include <arrow/type.h>

#include <algorithm>

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "connector/json_schema.h"
#include "files/config_field.h"

namespace millrace {
namespace {

struct PolicyName {
  std::string_view name;
  ValidationPolicy policy;
};
constexpr PolicyName kPolicies[] = {
    {"Emit Record", ValidationPolicy::kEmit},
    {"Skip Record", ValidationPolicy::kSkip},
    {"Wait for Discover", ValidationPolicy::kWaitForDiscover},
};

/// The types that an input_schema may name, as JSON schema has them.
constexpr std::pair<std::string_view, const char*> kTypes[] = {
    {"string", "string"}, {"boolean", "boolean"}, {"integer", "integer"}, {"number", "number"},
    {"float", "number"},  {"object", "object"},   {"array", "array"},     {"null", "null"},
};

Result<ValidationPolicy> ParsePolicy(const Json& json) {
  MR_ASSIGN_OR_RETURN(const std::string name, TextField(json, "validation_policy", "Emit Record"));
  for (const PolicyName& known : kPolicies) {
    if (known.name == name) return known.policy;
  }
  return ConfigError(
      "validation_policy \"{}\" is not one of \"Emit Record\", \"Skip Record\", \"Wait for "
      "Discover\"",
      name);
}

Result<FileStreamConfig> ParseStream(const Json& json) {
  FileStreamConfig stream;
  MR_ASSIGN_OR_RETURN(stream.name, TextField(json, "name"));
  MR_ASSIGN_OR_RETURN(std::vector<std::string> globs, ListField(json, "globs"));
  if (!globs.empty()) stream.globs = std::move(globs);
  MR_ASSIGN_OR_RETURN(stream.legacy_prefix, TextField(json, "legacy_prefix"));
  MR_ASSIGN_OR_RETURN(stream.policy, ParsePolicy(json));
  MR_ASSIGN_OR_RETURN(const std::string schema, TextField(json, "input_schema"));
  if (!schema.empty()) {
    MR_ASSIGN_OR_RETURN(stream.input_schema, InputSchemaFromText(schema));
  }
  MR_ASSIGN_OR_RETURN(stream.schemaless, FlagField(json, "schemaless", false));
  if (stream.schemaless && stream.input_schema != nullptr) {
    return ConfigError("schemaless and input_schema exclude each other");
  }
  MR_ASSIGN_OR_RETURN(stream.primary_key, TextField(json, "primary_key"));
  MR_ASSIGN_OR_RETURN(const int64_t days, CountField(json, "days_to_sync_if_history_is_full", 3));
  stream.days_if_history_is_full = static_cast<int>(std::min<int64_t>(days, 100'000));
  MR_ASSIGN_OR_RETURN(const int64_t recent,
                      CountField(json, "recent_n_files_to_read_for_schema_discovery", 0, 1));
  stream.recent_files = static_cast<int>(recent);
  const auto format = json.find("format");
  if (format == json.end()) return ConfigError("format is missing");
  MR_ASSIGN_OR_RETURN(stream.format, StreamFileFormatFromJson(*format));
  return stream;
}

}  // namespace

Result<SchemaPtr> InputSchemaFromText(const std::string& text) {
  const Json parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_object()) {
    return ConfigError("input_schema must be a JSON object in text, like {{\"id\": \"integer\"}}");
  }
  arrow::FieldVector fields;
  for (const auto& [column, type] : parsed.items()) {
    const char* known = nullptr;
    for (const auto& [name, json_type] : kTypes) {
      if (type.is_string() && type.get_ref<const std::string&>() == name) known = json_type;
    }
    if (known == nullptr) {
      return ConfigError(
          "input_schema: {}: {} is not one of string, boolean, integer, number, object, array",
          column, type.dump());
    }
    fields.push_back(arrow::field(column, ArrowTypeOf(Json{{"type", {"null", known}}})));
  }
  if (fields.empty()) return SchemaPtr();
  return arrow::schema(std::move(fields));
}

Result<std::vector<FileStreamConfig>> FileStreamsFromJson(const Json& streams) {
  if (!streams.is_array() || streams.empty()) {
    return ConfigError("streams must list at least one stream");
  }
  std::vector<FileStreamConfig> parsed;
  std::set<std::string> names;
  for (const Json& json : streams) {
    if (!json.is_object() || !json.contains("name") || !json["name"].is_string() ||
        json["name"].get_ref<const std::string&>().empty()) {
      return ConfigError("streams[{}]: name is missing", parsed.size());
    }
    const std::string name = json["name"].get<std::string>();
    auto stream = ParseStream(json);
    if (!stream.ok()) return stream.status().WithContext(fmt::format("stream {}", name));
    if (!names.insert(name).second) return ConfigError("two streams are called {}", name);
    parsed.push_back(*std::move(stream));
  }
  return parsed;
}

}  // namespace millrace
