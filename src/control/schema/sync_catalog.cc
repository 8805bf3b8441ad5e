#include "control/schema/sync_catalog.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

Json StreamJson(const Stream& stream) {
  Json json{{"name", stream.descriptor.name},
            {"jsonSchema", *stream.json_schema},
            {"supportedSyncModes", Json::array()},
            {"sourceDefinedCursor", stream.source_defined_cursor},
            {"defaultCursorField", stream.default_cursor_field},
            {"sourceDefinedPrimaryKey", stream.source_defined_primary_key},
            {"isResumable", stream.is_resumable},
            {"isFileBased", stream.is_file_based}};
  if (stream.descriptor.name_space) json["namespace"] = *stream.descriptor.name_space;
  for (const SyncMode mode : stream.supported_sync_modes) {
    json["supportedSyncModes"].push_back(ToString(mode));
  }
  return json;
}

}  // namespace

Result<Json> SyncCatalogOf(const Json& catalog) {
  MR_ASSIGN_OR_RETURN(const Catalog parsed, CatalogFromJson(catalog));
  Json streams = Json::array();
  for (const Stream& stream : parsed.streams) {
    streams.push_back({{"stream", StreamJson(stream)},
                       {"config",
                        {{"syncMode", "full_refresh"},
                         {"destinationSyncMode", "overwrite"},
                         {"cursorField", stream.default_cursor_field},
                         {"primaryKey", stream.source_defined_primary_key},
                         {"aliasName", stream.descriptor.name},
                         {"selected", true},
                         {"fieldSelectionEnabled", false},
                         {"selectedFields", Json::array()}}}});
  }
  return Json{{"streams", std::move(streams)}};
}

const Json& FieldOf(const Json& document, std::string_view name) {
  static const Json kNone;
  if (!document.is_object()) return kNone;
  const auto found = document.find(name);
  return found == document.end() ? kNone : *found;
}

FieldPath FieldPathOf(const Json& json) {
  FieldPath path;
  if (!json.is_array()) return path;
  for (const Json& part : json) {
    if (part.is_string()) path.push_back(part.get<std::string>());
  }
  return path;
}

std::vector<FieldPath> FieldPathsOf(const Json& json) {
  std::vector<FieldPath> paths;
  if (!json.is_array()) return paths;
  for (const Json& part : json) {
    if (FieldPath path = FieldPathOf(part); !path.empty()) paths.push_back(std::move(path));
  }
  return paths;
}

std::set<std::string> ColumnsOf(const Json& schema) {
  std::set<std::string> columns;
  const Json& properties = FieldOf(schema, "properties");
  if (!properties.is_object()) return columns;
  for (const auto& [name, type] : properties.items()) columns.insert(name);
  return columns;
}

StreamDescriptor DescriptorOf(const Json& entry) {
  const Json& stream = FieldOf(entry, "stream");
  StreamDescriptor descriptor;
  if (const Json& name = FieldOf(stream, "name"); name.is_string()) {
    descriptor.name = name.get<std::string>();
  }
  if (const Json& space = FieldOf(stream, "namespace"); space.is_string()) {
    descriptor.name_space = space.get<std::string>();
  }
  return descriptor;
}

bool IsSelected(const Json& entry) { return FieldOf(FieldOf(entry, "config"), "selected") == true; }

const Json* FindEntry(const Json& catalog, const StreamDescriptor& stream) {
  for (const Json& entry : FieldOf(catalog, "streams")) {
    if (DescriptorOf(entry) == stream) return &entry;
  }
  return nullptr;
}

const Json* FindEntryByName(const Json& catalog, const StreamDescriptor& stream) {
  if (stream.name_space) return nullptr;
  const Json* found = nullptr;
  for (const Json& entry : FieldOf(catalog, "streams")) {
    if (DescriptorOf(entry).name != stream.name) continue;
    if (found != nullptr) return nullptr;
    found = &entry;
  }
  return found;
}

FieldPath CursorOf(const Json& entry) {
  FieldPath cursor = FieldPathOf(FieldOf(FieldOf(entry, "config"), "cursorField"));
  return cursor.empty() ? FieldPathOf(FieldOf(FieldOf(entry, "stream"), "defaultCursorField"))
                        : cursor;
}

std::vector<FieldPath> PrimaryKeyOf(const Json& entry) {
  auto key = FieldPathsOf(FieldOf(FieldOf(entry, "config"), "primaryKey"));
  return key.empty() ? FieldPathsOf(FieldOf(FieldOf(entry, "stream"), "sourceDefinedPrimaryKey"))
                     : key;
}

}  // namespace millrace
