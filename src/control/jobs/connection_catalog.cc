#include "control/jobs/connection_catalog.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "protocol/destination_namespace.h"

namespace millrace {
namespace {

/// The config API's words for the protocol's.
constexpr std::pair<const char*, const char*> kStreamFields[] = {
    {"name", "name"},
    {"namespace", "namespace"},
    {"jsonSchema", "json_schema"},
    {"supportedSyncModes", "supported_sync_modes"},
    {"sourceDefinedCursor", "source_defined_cursor"},
    {"defaultCursorField", "default_cursor_field"},
    {"sourceDefinedPrimaryKey", "source_defined_primary_key"},
    {"isResumable", "is_resumable"},
    {"isFileBased", "is_file_based"},
};
constexpr std::pair<const char*, const char*> kConfigFields[] = {
    {"syncMode", "sync_mode"},
    {"destinationSyncMode", "destination_sync_mode"},
    {"cursorField", "cursor_field"},
    {"primaryKey", "primary_key"},
};

template <size_t N>
Json Renamed(const Json& from, const std::pair<const char*, const char*> (&fields)[N]) {
  Json to = Json::object();
  for (const auto& [name, protocol_name] : fields) {
    const auto found = from.find(name);
    if (found != from.end() && !found->is_null()) to[protocol_name] = *found;
  }
  return to;
}

/// Top-level columns; empty: all of them.
std::vector<std::string> SelectedFields(const Json& config) {
  std::vector<std::string> fields;
  if (!config.value("fieldSelectionEnabled", false)) return fields;
  for (const Json& field : config.value("selectedFields", Json::array())) {
    const Json path = field.value("fieldPath", Json::array());
    if (!path.empty() && path.front().is_string()) fields.push_back(path.front());
  }
  return fields;
}

void KeepColumns(std::vector<std::string> wanted, ConfiguredStream* stream) {
  const auto want = [&](const FieldPath& path) {
    if (path.empty()) return;
    if (std::find(wanted.begin(), wanted.end(), path.front()) == wanted.end()) {
      wanted.push_back(path.front());
    }
  };
  want(stream->cursor_field);
  for (const FieldPath& path : stream->primary_key) want(path);
  Json schema = *stream->stream.json_schema;
  Json kept = Json::object();
  const Json columns = schema.value("properties", Json::object());
  for (const auto& [column, type] : columns.items()) {
    if (std::find(wanted.begin(), wanted.end(), column) == wanted.end()) continue;
    kept[column] = type;
    stream->selected_fields.push_back(column);
  }
  schema["properties"] = std::move(kept);
  stream->stream.json_schema = JsonValue(std::move(schema));
}

StreamDescriptor DestinationOf(const StreamDescriptor& stream, const Json& document) {
  const std::string rule = document.value("namespaceDefinition", "source");
  const std::string prefix = document.value("prefix", "");
  if (rule == "source") return {prefix + stream.name, stream.name_space};
  return DestinationByFormat(stream, prefix,
                             rule == "customformat" ? document.value("namespaceFormat", "") : "");
}

/// Nulls as if they weren't there.
Json WithoutNulls(const Json& document) {
  Json kept = Json::object();
  for (const auto& [name, value] : document.items()) {
    if (!value.is_null()) kept[name] = value;
  }
  return kept;
}

Result<ConfiguredStream> StreamOf(const Json& entry, const Json& document) {
  const Json config = WithoutNulls(entry.value("config", Json::object()));
  Json json = Renamed(config, kConfigFields);
  json["stream"] = Renamed(entry.value("stream", Json::object()), kStreamFields);
  if (!json["stream"].contains("json_schema")) json["stream"]["json_schema"] = Json::object();
  MR_ASSIGN_OR_RETURN(const auto catalog,
                      ConfiguredCatalogFromJson({{"streams", Json::array({std::move(json)})}}));
  ConfiguredStream stream = catalog.streams.at(0);
  if (stream.primary_key.empty()) stream.primary_key = stream.stream.source_defined_primary_key;
  if (stream.sync_mode == SyncMode::kIncremental &&
      (stream.cursor_field.empty() || stream.stream.source_defined_cursor)) {
    stream.cursor_field = stream.stream.default_cursor_field;
  }
  if (auto fields = SelectedFields(config); !fields.empty()) {
    KeepColumns(std::move(fields), &stream);
  }
  stream.destination = DestinationOf(stream.descriptor(), document);
  const std::string renamed = config.value("destinationObjectName", "");
  if (!renamed.empty()) stream.destination.name = document.value("prefix", "") + renamed;
  return stream;
}

}  // namespace

Result<ConfiguredCatalog> CatalogOfConnection(const Connection& connection) {
  ConfiguredCatalog catalog;
  std::map<StreamDescriptor, StreamDescriptor> tables;
  const Json document = WithoutNulls(*connection.document);
  try {
    const Json offered = document.value("syncCatalog", Json::object());
    for (const Json& entry : offered.value("streams", Json::array())) {
      if (!entry.value("config", Json::object()).value("selected", true)) continue;
      MR_ASSIGN_OR_RETURN(auto stream, StreamOf(entry, document));
      const auto [found, added] = tables.try_emplace(stream.destination, stream.descriptor());
      if (!added) {
        return ConfigError(
            "the streams {} and {} would both land in {}: let the connection mirror the source's "
            "namespaces, or select only one of them",
            found->second.ToString(), stream.descriptor().ToString(),
            stream.destination.ToString());
      }
      catalog.streams.push_back(std::move(stream));
    }
  } catch (const Json::exception& error) {
    return ConfigError("the connection's syncCatalog can't be read: {}", error.what());
  }
  if (catalog.streams.empty()) {
    return ConfigError("the connection has no stream selected: select one in its schema");
  }
  return catalog;
}

}  // namespace millrace
