#include "control/schema/catalog_rules.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "control/schema/sync_catalog.h"

namespace millrace {
namespace {

/// Airbyte's limit, of the selected streams together.
constexpr size_t kFieldsMax = 20'000;
constexpr std::string_view kSyncModes[] = {"full_refresh", "incremental"};
constexpr std::string_view kDestinationModes[] = {"append",          "overwrite", "append_dedup",
                                                  "overwrite_dedup", "update",    "soft_delete"};

template <size_t size>
bool IsOneOf(const std::string_view (&names)[size], const std::string& name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string TextIn(const Json& json, std::string_view name) {
  const Json& field = FieldOf(json, name);
  return field.is_string() ? field.get<std::string>() : std::string();
}

void Default(Json& json, const char* name, Json value) {
  if (FieldOf(json, name).is_null()) json[name] = std::move(value);
}

bool IsListOfTexts(const Json& json) {
  return json.is_array() &&
         std::all_of(json.begin(), json.end(), [](const Json& part) { return part.is_string(); });
}

/// The types of what is there; what isn't there has no wrong type.
Status CheckTypes(const Json& entry, const std::string& name) {
  const Json& config = FieldOf(entry, "config");
  for (const char* flag : {"selected", "fieldSelectionEnabled", "includeFiles"}) {
    const Json& field = FieldOf(config, flag);
    if (field.is_null() || field.is_boolean()) continue;
    return ConfigError("stream {}: {} must be true or false", name, flag);
  }
  if (const Json& cursor = FieldOf(config, "cursorField");
      !cursor.is_null() && !IsListOfTexts(cursor)) {
    return ConfigError("stream {}: cursorField must be a list of texts, like [\"updated_at\"]",
                       name);
  }
  const Json& key = FieldOf(config, "primaryKey");
  if (!key.is_null() && !(key.is_array() && std::all_of(key.begin(), key.end(), IsListOfTexts))) {
    return ConfigError("stream {}: primaryKey must be a list of lists of texts, like [[\"id\"]]",
                       name);
  }
  const Json& schema = FieldOf(FieldOf(entry, "stream"), "jsonSchema");
  if (!schema.is_null() && !schema.is_object()) {
    return ConfigError("stream {}: jsonSchema must be an object", name);
  }
  for (const char* list : {"selectedFields", "hashedFields", "mappers"}) {
    const Json& field = FieldOf(config, list);
    if (!field.is_null() && !field.is_array()) {
      return ConfigError("stream {}: {} must be a list", name, list);
    }
  }
  return Status::Ok();
}

/// The facts of the stream that were left out, from what the source offers.
void FillStream(const Json* offered, Json* stream) {
  Json& to = *stream;
  if (offered != nullptr) {
    const Json& from = (*offered)["stream"];
    if (ColumnsOf(FieldOf(to, "jsonSchema")).empty()) to["jsonSchema"] = from["jsonSchema"];
    if (from.contains("namespace")) to["namespace"] = from["namespace"];
    // These are facts: who sends something else has an old copy, or none.
    for (const char* fact : {"supportedSyncModes", "sourceDefinedCursor", "defaultCursorField",
                             "sourceDefinedPrimaryKey", "isResumable", "isFileBased"}) {
      to[fact] = FieldOf(from, fact);
    }
  }
  Default(to, "jsonSchema", Json::object());
  Default(to, "supportedSyncModes", Json::array());
  Default(to, "defaultCursorField", Json::array());
  Default(to, "sourceDefinedPrimaryKey", Json::array());
}

void FillConfig(const Json& stream, Json* config) {
  Json& to = *config;
  Default(to, "syncMode", "full_refresh");
  Default(to, "destinationSyncMode", to["syncMode"] == "incremental" ? "append" : "overwrite");
  Default(to, "cursorField", Json::array());
  Default(to, "primaryKey", Json::array());
  Default(to, "aliasName", stream["name"]);
  Default(to, "selected", true);
  Default(to, "fieldSelectionEnabled", false);
  Default(to, "selectedFields", Json::array());
}

Status CheckModes(const CatalogKnowledge& known, const Json* offered, const Json& entry,
                  const std::string& name) {
  const std::string mode = entry["config"]["syncMode"].get<std::string>();
  if (offered != nullptr) {
    const Json& modes = FieldOf((*offered)["stream"], "supportedSyncModes");
    if (std::find(modes.begin(), modes.end(), mode) == modes.end()) {
      return ConfigError("stream {}: its source can't read it with syncMode {}; it may be {}", name,
                         mode, modes.dump());
    }
  }
  const std::string writes = entry["config"]["destinationSyncMode"].get<std::string>();
  const auto& able = known.destination_modes;
  if (!able.empty() && std::find(able.begin(), able.end(), writes) == able.end()) {
    return ConfigError("stream {}: the destination has no destinationSyncMode {}; it may be {}",
                       name, writes, fmt::join(able, ", "));
  }
  if (mode == "incremental" && writes == "overwrite") {
    return ConfigError(
        "stream {}: an incremental sync brings only what has changed, so it can't overwrite the "
        "table; choose append or append_dedup",
        name);
  }
  return Status::Ok();
}

/// A key or cursor must be a column, as far as the columns are known.
Status CheckColumn(const std::set<std::string>& columns, const FieldPath& path, const char* what,
                   const std::string& name) {
  if (columns.empty() || path.empty() || columns.contains(path.front())) return Status::Ok();
  return ConfigError("stream {}: its {} {} is none of its columns ({})", name, what, path.front(),
                     fmt::join(columns, ", "));
}

/// Against the columns that the source has now; the entry's own may be older.
Status CheckKeys(const Json* offered, const Json& entry, const std::string& name) {
  const bool known = offered != nullptr;
  const std::set<std::string> columns =
      ColumnsOf((known ? *offered : entry)["stream"]["jsonSchema"]);
  const FieldPath cursor = CursorOf(entry);
  const auto key = PrimaryKeyOf(entry);
  const bool incremental = entry["config"]["syncMode"] == "incremental";
  const bool cursor_given = FieldOf(entry["stream"], "sourceDefinedCursor") == true;
  if (incremental && !cursor_given) {
    if (known && cursor.empty()) {
      return ConfigError("stream {}: an incremental sync needs a cursorField", name);
    }
    MR_RETURN_IF_ERROR(CheckColumn(columns, cursor, "cursorField", name));
  }
  const std::string writes = entry["config"]["destinationSyncMode"].get<std::string>();
  if (!writes.ends_with("_dedup")) return Status::Ok();
  if (known && key.empty()) {
    return ConfigError("stream {}: {} needs a primaryKey", name, writes);
  }
  for (const FieldPath& path : key) {
    MR_RETURN_IF_ERROR(CheckColumn(columns, path, "primaryKey", name));
  }
  return Status::Ok();
}

/// Selected fields are top-level columns, and keep key and cursor.
Status CheckSelection(const Json& entry, const std::string& name) {
  const Json& config = entry["config"];
  if (config["fieldSelectionEnabled"] != true) return Status::Ok();
  std::set<std::string> selected;
  const std::set<std::string> columns = ColumnsOf(entry["stream"]["jsonSchema"]);
  for (const Json& field : config["selectedFields"]) {
    const FieldPath path = FieldPathOf(FieldOf(field, "fieldPath"));
    if (path.size() != 1) {
      return ConfigError(
          "stream {}: selectedFields must name columns: {{\"fieldPath\": [\"name\"]}}", name);
    }
    MR_RETURN_IF_ERROR(CheckColumn(columns, path, "selected field", name));
    selected.insert(path.front());
  }
  if (selected.empty()) return ConfigError("stream {}: select at least one field", name);
  const bool incremental = config["syncMode"] == "incremental";
  const bool deduplicates = config["destinationSyncMode"].get<std::string>().ends_with("_dedup");
  std::vector<FieldPath> needed;
  if (deduplicates) needed = PrimaryKeyOf(entry);
  if (incremental) needed.push_back(CursorOf(entry));
  for (const FieldPath& path : needed) {
    if (path.empty() || selected.contains(path.front()) || !columns.contains(path.front())) {
      continue;
    }
    return ConfigError("stream {}: the field {} is its key or cursor and must stay selected", name,
                       path.front());
  }
  return Status::Ok();
}

/// What this version can't do is refused, not left out in silence.
Status CheckAbilities(const Json& config, const std::string& name) {
  for (const char* list : {"mappers", "hashedFields"}) {
    const Json& field = FieldOf(config, list);
    if (field.is_array() && !field.empty()) {
      return ConfigError("stream {}: this version has no {} yet", name, list);
    }
  }
  if (FieldOf(config, "includeFiles") == true) {
    return ConfigError("stream {}: this version copies no files as they are (includeFiles)", name);
  }
  if (!TextIn(config, "destinationObjectName").empty()) {
    return ConfigError("stream {}: this version has no destinationObjectName", name);
  }
  return Status::Ok();
}

Status NormalizeEntry(const CatalogKnowledge& known, Json* entry) {
  Json& json = *entry;
  if (!json.is_object() || TextIn(FieldOf(json, "stream"), "name").empty()) {
    return ConfigError("each entry of syncCatalog.streams needs a stream with a name");
  }
  const Json& space = FieldOf(json["stream"], "namespace");
  if (!space.is_string() || space == "") json["stream"].erase("namespace");
  const std::string name = DescriptorOf(json).ToString();
  if (FieldOf(json, "config").is_null()) json["config"] = Json::object();
  if (!json["config"].is_object()) return ConfigError("stream {}: config must be an object", name);
  MR_RETURN_IF_ERROR(CheckTypes(json, name));
  const Json* offered = nullptr;
  if (known.offered) {
    offered = FindEntry(**known.offered, DescriptorOf(json));
    if (offered == nullptr) offered = FindEntryByName(**known.offered, DescriptorOf(json));
  }
  FillStream(offered, &json["stream"]);
  FillConfig(json["stream"], &json["config"]);
  const std::string mode = TextIn(json["config"], "syncMode");
  const std::string writes = TextIn(json["config"], "destinationSyncMode");
  if (!IsOneOf(kSyncModes, mode)) {
    return ConfigError("stream {}: syncMode may be {}", name, fmt::join(kSyncModes, ", "));
  }
  if (!IsOneOf(kDestinationModes, writes)) {
    return ConfigError("stream {}: destinationSyncMode may be {}", name,
                       fmt::join(kDestinationModes, ", "));
  }
  if (!IsSelected(json)) return Status::Ok();
  if (known.offered && offered == nullptr) {
    // The source may have lost it since; whoever edits the rest must not be kept from it.
    if (!known.had.contains(DescriptorOf(json))) {
      return ConfigError(
          "stream {}: its source offered no such stream when it was last asked; if it has it now, "
          "ask it again (sources/discover_schema)",
          name);
    }
    return CheckAbilities(json["config"], name);
  }
  MR_RETURN_IF_ERROR(CheckModes(known, offered, json, name));
  MR_RETURN_IF_ERROR(CheckKeys(offered, json, name));
  MR_RETURN_IF_ERROR(CheckSelection(json, name));
  return CheckAbilities(json["config"], name);
}

}  // namespace

Status NormalizeSyncCatalog(const CatalogKnowledge& known, Json* catalog) {
  if (catalog->is_null()) *catalog = Json::object();
  if (!catalog->is_object()) return ConfigError("syncCatalog must be an object");
  Default(*catalog, "streams", Json::array());
  Json& streams = (*catalog)["streams"];
  if (!streams.is_array()) return ConfigError("syncCatalog.streams must be a list");
  std::set<StreamDescriptor> seen;
  size_t fields = 0;
  for (Json& entry : streams) {
    MR_RETURN_IF_ERROR(NormalizeEntry(known, &entry));
    if (!seen.insert(DescriptorOf(entry)).second) {
      return ConfigError("the stream {} is there twice", DescriptorOf(entry).ToString());
    }
    if (IsSelected(entry)) fields += ColumnsOf(entry["stream"]["jsonSchema"]).size();
  }
  if (fields > kFieldsMax) {
    return ConfigError("the selected streams have {} fields together; a connection may have {}",
                       fields, kFieldsMax);
  }
  return Status::Ok();
}

}  // namespace millrace
