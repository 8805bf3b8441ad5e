#include "server/public_api/stream_words.h"

#include <nlohmann/json.hpp>

#include "server/http/json_body.h"
#include "server/public_api/stream_modes.h"

namespace millrace {
namespace {

/// Fields of a stream's configuration that both APIs have, as they are.
constexpr const char* kStreamFields[] = {"cursorField", "primaryKey", "mappers", "includeFiles",
                                         "destinationObjectName"};

std::string NamespaceOf(const Json& object) { return TextOf(object, "namespace"); }

/// The offered stream that a configuration names; requires that `offered` is a catalog.
Result<Json*> FindStream(const Json& wanted, Json* offered) {
  const std::string name = TextOf(wanted, "name");
  const bool any_namespace = !wanted.contains("namespace") || wanted["namespace"].is_null();
  Json* found = nullptr;
  for (Json& entry : (*offered)["streams"]) {
    const Json& stream = entry["stream"];
    if (TextOf(stream, "name") != name) continue;
    if (!any_namespace && NamespaceOf(stream) != NamespaceOf(wanted)) continue;
    if (found != nullptr) {
      return ConfigError("there are several streams called {}: name its namespace too", name);
    }
    found = &entry;
  }
  if (found == nullptr) return ConfigError("the source has no stream called \"{}\"", name);
  return found;
}

Status Configure(const Json& wanted, Json* config) {
  const std::string said = wanted.contains("syncMode") && !wanted["syncMode"].is_null()
                               ? TextOf(wanted, "syncMode")
                               : "full_refresh_overwrite";
  const StreamMode* mode = FindStreamMode(said);
  if (mode == nullptr) return ConfigError("there is no syncMode \"{}\"", said);
  Json& made = *config;
  made["selected"] = true;
  made["syncMode"] = mode->sync_mode;
  made["destinationSyncMode"] = mode->destination_mode;
  for (const char* field : kStreamFields) {
    const auto found = wanted.find(field);
    if (found == wanted.end() || found->is_null()) continue;
    // An empty cursor or key leaves the source's own.
    if (found->is_array() && found->empty() && std::string_view(field) != "mappers") continue;
    made[field] = *found;
  }
  if (const auto fields = wanted.find("selectedFields");
      fields != wanted.end() && fields->is_array() && !fields->empty()) {
    made["fieldSelectionEnabled"] = true;
    made["selectedFields"] = *fields;
  } else {
    made["fieldSelectionEnabled"] = false;
    made["selectedFields"] = Json::array();
  }
  return Status::Ok();
}

void Collect(const Json& schema, const Json& path, Json* fields) {
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return;
  for (const auto& [name, property] : properties->items()) {
    Json below = path;
    below.push_back(name);
    fields->push_back(below);
    if (property.is_object()) Collect(property, below, fields);
  }
}

}  // namespace

Result<Json> CatalogToConfig(const Json& configurations, const Json& offered) {
  Json catalog = offered;
  if (!catalog.contains("streams") || !catalog["streams"].is_array()) {
    return ConfigError("the source offers no streams");
  }
  const Json wanted = configurations.is_object() ? configurations.value("streams", Json()) : Json();
  const bool all = !wanted.is_array() || wanted.empty();
  if (!all) {
    for (Json& entry : catalog["streams"]) entry["config"]["selected"] = false;
    for (const Json& one : wanted) {
      if (!one.is_object()) return ConfigError("configurations.streams must hold objects");
      MR_ASSIGN_OR_RETURN(Json* const entry, FindStream(one, &catalog));
      MR_RETURN_IF_ERROR(Configure(one, &(*entry)["config"]));
    }
    return catalog;
  }
  for (Json& entry : catalog["streams"]) {
    MR_RETURN_IF_ERROR(Configure(Json::object(), &entry["config"]));
  }
  return catalog;
}

Json CatalogToPublic(const Json& catalog) {
  Json streams = Json::array();
  for (const Json& entry : catalog.value("streams", Json::array())) {
    const Json stream = entry.value("stream", Json::object());
    const Json config = entry.value("config", Json::object());
    if (!config.value("selected", true)) continue;
    Json said{{"name", TextOf(stream, "name")}};
    if (const std::string space = NamespaceOf(stream); !space.empty()) said["namespace"] = space;
    const StreamMode* mode =
        FindStreamMode(TextOf(config, "syncMode"), TextOf(config, "destinationSyncMode"));
    said["syncMode"] = mode == nullptr ? "full_refresh_overwrite" : std::string(mode->name);
    for (const char* field : {"cursorField", "primaryKey", "mappers", "selectedFields"}) {
      const auto found = config.find(field);
      said[field] = found != config.end() && found->is_array() ? *found : Json::array();
    }
    for (const char* field : {"includeFiles", "destinationObjectName"}) {
      const auto found = config.find(field);
      if (found != config.end() && !found->is_null()) said[field] = *found;
    }
    streams.push_back(std::move(said));
  }
  return {{"streams", std::move(streams)}};
}

Json StreamToPublic(const Json& stream, const std::vector<std::string>& destination_modes) {
  Json fields = Json::array();
  const Json schema = stream.value("jsonSchema", Json::object());
  if (schema.is_object()) Collect(schema, Json::array(), &fields);
  Json said{{"streamName", TextOf(stream, "name")}};
  if (const std::string space = NamespaceOf(stream); !space.empty()) {
    said["streamnamespace"] = space;
  }
  said["syncModes"] = PossibleModes(stream, destination_modes);
  said["defaultCursorField"] = stream.value("defaultCursorField", Json::array());
  said["sourceDefinedCursorField"] = stream.value("sourceDefinedCursor", false);
  said["sourceDefinedPrimaryKey"] = stream.value("sourceDefinedPrimaryKey", Json::array());
  said["propertyFields"] = std::move(fields);
  return said;
}

}  // namespace millrace
