#include "protocol/catalog.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

constexpr std::string_view kSyncModes[] = {"full_refresh", "incremental"};
constexpr std::string_view kDestinationSyncModes[] = {"append", "overwrite", "append_dedup",
                                                      "overwrite_dedup"};

template <size_t N>
Result<size_t> IndexOf(const std::string_view (&names)[N], const Json& value,
                       std::string_view field) {
  if (value.is_string()) {
    const auto* found = std::find(std::begin(names), std::end(names),
                                  std::string_view(value.get_ref<const std::string&>()));
    if (found != std::end(names)) return static_cast<size_t>(found - std::begin(names));
  }
  return ConfigError("{} is {}, which is not one of: {}", field, value.dump(),
                     fmt::join(names, ", "));
}

Result<FieldPath> FieldPathFromJson(const Json& json, std::string_view field) {
  FieldPath path;
  if (json.is_null()) return path;
  if (!json.is_array()) return ConfigError("{} must be an array of strings", field);
  for (const Json& part : json) {
    if (!part.is_string()) return ConfigError("{} must be an array of strings", field);
    path.push_back(part.get<std::string>());
  }
  return path;
}

Result<std::vector<FieldPath>> FieldPathsFromJson(const Json& json, std::string_view field) {
  std::vector<FieldPath> paths;
  if (json.is_null()) return paths;
  if (!json.is_array()) return ConfigError("{} must be an array of arrays of strings", field);
  for (const Json& part : json) {
    MR_ASSIGN_OR_RETURN(auto path, FieldPathFromJson(part, field));
    paths.push_back(std::move(path));
  }
  return paths;
}

bool Flag(const Json& json, const char* field) {
  const auto found = json.find(field);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

int64_t Integer(const Json& json, const char* field) {
  const auto found = json.find(field);
  return found != json.end() && found->is_number() ? found->get<int64_t>() : 0;
}

Json StreamJson(const Stream& stream) {
  Json json{{"name", stream.descriptor.name}, {"json_schema", *stream.json_schema}};
  Json modes = Json::array();
  for (const SyncMode mode : stream.supported_sync_modes) modes.push_back(ToString(mode));
  json["supported_sync_modes"] = std::move(modes);
  json["source_defined_cursor"] = stream.source_defined_cursor;
  json["default_cursor_field"] = stream.default_cursor_field;
  json["source_defined_primary_key"] = stream.source_defined_primary_key;
  if (stream.descriptor.name_space) json["namespace"] = *stream.descriptor.name_space;
  json["is_resumable"] = stream.is_resumable;
  json["is_file_based"] = stream.is_file_based;
  return json;
}

Result<Stream> StreamFromJson(const Json& json) {
  Stream stream;
  MR_ASSIGN_OR_RETURN(stream.descriptor, StreamDescriptorFromJson(json));
  const auto fail = [&](const Status& status) {
    return status.WithContext("stream " + stream.descriptor.ToString());
  };
  if (!json.contains("json_schema") || !json["json_schema"].is_object()) {
    return fail(ConfigError("json_schema must be an object"));
  }
  stream.json_schema = json["json_schema"];
  if (json.contains("supported_sync_modes") && json["supported_sync_modes"].is_array()) {
    stream.supported_sync_modes.clear();
    for (const Json& mode : json["supported_sync_modes"]) {
      const auto index = IndexOf(kSyncModes, mode, "supported_sync_modes");
      if (!index.ok()) return fail(index.status());
      stream.supported_sync_modes.push_back(static_cast<SyncMode>(*index));
    }
  }
  stream.source_defined_cursor = Flag(json, "source_defined_cursor");
  stream.is_resumable = Flag(json, "is_resumable");
  stream.is_file_based = Flag(json, "is_file_based");
  auto cursor =
      FieldPathFromJson(json.value("default_cursor_field", Json()), "default_cursor_field");
  if (!cursor.ok()) return fail(cursor.status());
  stream.default_cursor_field = *std::move(cursor);
  auto key = FieldPathsFromJson(json.value("source_defined_primary_key", Json()),
                                "source_defined_primary_key");
  if (!key.ok()) return fail(key.status());
  stream.source_defined_primary_key = *std::move(key);
  return stream;
}

Result<ConfiguredStream> ConfiguredStreamFromJson(const Json& json) {
  if (!json.is_object() || !json.contains("stream")) {
    return ConfigError("each configured stream needs an object \"stream\"");
  }
  ConfiguredStream configured;
  MR_ASSIGN_OR_RETURN(configured.stream, StreamFromJson(json["stream"]));
  const std::string context = "stream " + configured.descriptor().ToString();
  const auto mode = IndexOf(kSyncModes, json.value("sync_mode", Json()), "sync_mode");
  if (!mode.ok()) return mode.status().WithContext(context);
  configured.sync_mode = static_cast<SyncMode>(*mode);
  const auto destination_mode = IndexOf(
      kDestinationSyncModes, json.value("destination_sync_mode", Json()), "destination_sync_mode");
  if (!destination_mode.ok()) return destination_mode.status().WithContext(context);
  configured.destination_sync_mode = static_cast<DestinationSyncMode>(*destination_mode);
  auto cursor = FieldPathFromJson(json.value("cursor_field", Json()), "cursor_field");
  if (!cursor.ok()) return cursor.status().WithContext(context);
  configured.cursor_field = *std::move(cursor);
  auto key = FieldPathsFromJson(json.value("primary_key", Json()), "primary_key");
  if (!key.ok()) return key.status().WithContext(context);
  configured.primary_key = *std::move(key);
  configured.generation_id = Integer(json, "generation_id");
  configured.minimum_generation_id = Integer(json, "minimum_generation_id");
  configured.sync_id = Integer(json, "sync_id");
  configured.destination = configured.descriptor();
  const auto name = json.find("destination_object_name");
  if (name != json.end() && name->is_string()) {
    configured.destination.name = name->get<std::string>();
  }
  if (json.contains("destination")) {
    MR_ASSIGN_OR_RETURN(configured.destination, StreamDescriptorFromJson(json["destination"]));
  }
  MR_ASSIGN_OR_RETURN(configured.selected_fields,
                      FieldPathFromJson(json.value("selected_fields", Json()), "selected_fields"));
  configured.goes_on = Flag(json, "goes_on");
  return configured;
}

Result<const Json*> StreamsArray(const Json& json) {
  if (!json.is_object() || !json.contains("streams") || !json["streams"].is_array()) {
    return ConfigError("a catalog is an object with an array \"streams\"");
  }
  return &json["streams"];
}

}  // namespace

std::string_view ToString(SyncMode mode) { return kSyncModes[static_cast<int>(mode)]; }
std::string_view ToString(DestinationSyncMode mode) {
  return kDestinationSyncModes[static_cast<int>(mode)];
}

const ConfiguredStream* ConfiguredCatalog::Find(const StreamDescriptor& descriptor) const {
  for (const ConfiguredStream& stream : streams) {
    if (stream.descriptor() == descriptor) return &stream;
  }
  return nullptr;
}

Json ToJson(const StreamDescriptor& descriptor) {
  Json json{{"name", descriptor.name}};
  if (descriptor.name_space) json["namespace"] = *descriptor.name_space;
  return json;
}

Result<StreamDescriptor> StreamDescriptorFromJson(const Json& json) {
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string()) {
    return ConfigError("a stream needs a string \"name\"");
  }
  StreamDescriptor descriptor{json["name"].get<std::string>(), std::nullopt};
  const auto name_space = json.find("namespace");
  if (name_space != json.end() && name_space->is_string()) {
    descriptor.name_space = name_space->get<std::string>();
  }
  return descriptor;
}

Json ToJson(const Catalog& catalog) {
  Json streams = Json::array();
  for (const Stream& stream : catalog.streams) streams.push_back(StreamJson(stream));
  return Json{{"streams", std::move(streams)}};
}

Json ToJson(const ConfiguredCatalog& catalog) {
  Json streams = Json::array();
  for (const ConfiguredStream& stream : catalog.streams) {
    Json json{{"stream", StreamJson(stream.stream)},
              {"sync_mode", ToString(stream.sync_mode)},
              {"destination_sync_mode", ToString(stream.destination_sync_mode)},
              {"cursor_field", stream.cursor_field},
              {"primary_key", stream.primary_key},
              {"generation_id", stream.generation_id},
              {"minimum_generation_id", stream.minimum_generation_id},
              {"sync_id", stream.sync_id}};
    // Not the protocol's: what an attempt needs beside it.
    if (!stream.selected_fields.empty()) json["selected_fields"] = stream.selected_fields;
    if (stream.goes_on) json["goes_on"] = true;
    json["destination"] = ToJson(stream.destination);
    streams.push_back(std::move(json));
  }
  return Json{{"streams", std::move(streams)}};
}

Result<Catalog> CatalogFromJson(const Json& json) {
  MR_ASSIGN_OR_RETURN(const Json* streams, StreamsArray(json));
  Catalog catalog;
  for (const Json& element : *streams) {
    MR_ASSIGN_OR_RETURN(auto stream, StreamFromJson(element));
    catalog.streams.push_back(std::move(stream));
  }
  return catalog;
}

Result<ConfiguredCatalog> ConfiguredCatalogFromJson(const Json& json) {
  MR_ASSIGN_OR_RETURN(const Json* streams, StreamsArray(json));
  ConfiguredCatalog catalog;
  for (const Json& element : *streams) {
    MR_ASSIGN_OR_RETURN(auto stream, ConfiguredStreamFromJson(element));
    catalog.streams.push_back(std::move(stream));
  }
  return catalog;
}

}  // namespace millrace
