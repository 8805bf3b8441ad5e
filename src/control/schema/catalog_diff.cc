#include "control/schema/catalog_diff.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"

namespace millrace {
namespace {

/// Deeper columns than that are compared as a whole.
constexpr size_t kDepthMax = 16;

/// Every column of a schema by its path; nested ones too.
void AddColumns(const Json& schema, const FieldPath& path, std::map<FieldPath, Json>* columns) {
  const Json& properties = FieldOf(schema, "properties");
  if (!properties.is_object() || path.size() >= kDepthMax) return;
  for (const auto& [name, type] : properties.items()) {
    FieldPath inner = path;
    inner.push_back(name);
    Json own = type;
    const bool nested = FieldOf(type, "properties").is_object();
    if (nested && inner.size() < kDepthMax) own.erase("properties");
    if (own.is_object()) own.erase("description");
    columns->emplace(inner, std::move(own));
    if (nested) AddColumns(type, inner, columns);
  }
}

std::map<FieldPath, Json> ColumnTypesOf(const Json& entry) {
  std::map<FieldPath, Json> columns;
  AddColumns(FieldOf(FieldOf(entry, "stream"), "jsonSchema"), {}, &columns);
  return columns;
}

bool Contains(const std::map<FieldPath, Json>& columns, FieldPath path) {
  path.pop_back();
  return path.empty() || columns.contains(path);
}

bool Deduplicates(const Json& entry) {
  const Json& mode = FieldOf(FieldOf(entry, "config"), "destinationSyncMode");
  return mode.is_string() && mode.get<std::string>().ends_with("_dedup");
}

/// Whether the sync needs that column.
bool IsNeeded(const Json& entry, const FieldPath& path) {
  if (!IsSelected(entry)) return false;
  const Json& config = FieldOf(entry, "config");
  const bool by_cursor = FieldOf(config, "syncMode") == "incremental" &&
                         FieldOf(FieldOf(entry, "stream"), "sourceDefinedCursor") != true;
  if (by_cursor && CursorOf(entry) == path) return true;
  if (!Deduplicates(entry) && FieldOf(config, "primaryKey").empty()) return false;
  const auto key = PrimaryKeyOf(entry);
  return std::find(key.begin(), key.end(), path) != key.end();
}

Json FieldTransforms(const Json& before, const Json& after) {
  Json transforms = Json::array();
  const auto old = ColumnTypesOf(before), now = ColumnTypesOf(after);
  const auto add = [&](const char* type, const FieldPath& path, bool breaking, const char* detail,
                       Json value) {
    transforms.push_back({{"transformType", type},
                          {"fieldName", path},
                          {"breaking", breaking},
                          {detail, std::move(value)}});
  };
  for (const auto& [path, type] : now) {
    // What lies inside a new column comes with it.
    if (!old.contains(path) && Contains(old, path)) {
      add("add_field", path, false, "addField", {{"schema", type}});
    }
  }
  for (const auto& [path, type] : old) {
    const auto found = now.find(path);
    if (found == now.end()) {
      if (Contains(now, path) || IsNeeded(before, path)) {
        add("remove_field", path, IsNeeded(before, path), "removeField", {{"schema", type}});
      }
    } else if (found->second != type) {
      add("update_field_schema", path, false, "updateFieldSchema",
          {{"oldSchema", type}, {"newSchema", found->second}});
    }
  }
  return transforms;
}

Json AttributeTransforms(const Json& before, const Json& after) {
  Json transforms = Json::array();
  const auto old = FieldPathsOf(FieldOf(before["stream"], "sourceDefinedPrimaryKey"));
  const auto now = FieldPathsOf(FieldOf(after["stream"], "sourceDefinedPrimaryKey"));
  if (old == now) return transforms;
  const bool breaking =
      IsSelected(before) && Deduplicates(before) && !now.empty() && PrimaryKeyOf(before) != now;
  transforms.push_back({{"transformType", "update_primary_key"},
                        {"breaking", breaking},
                        {"updatePrimaryKey", {{"oldPrimaryKey", old}, {"newPrimaryKey", now}}}});
  return transforms;
}

Json DescriptorJson(const StreamDescriptor& stream) {
  Json json{{"name", stream.name}};
  if (stream.name_space) json["namespace"] = *stream.name_space;
  return json;
}

}  // namespace

Json DiffCatalogs(const Json& configured, const Json& offered,
                  const std::set<StreamDescriptor>& known) {
  Json transforms = Json::array();
  for (const Json& entry : FieldOf(offered, "streams")) {
    const StreamDescriptor stream = DescriptorOf(entry);
    if (FindEntry(configured, stream) != nullptr || known.contains(stream)) continue;
    transforms.push_back(
        {{"transformType", "add_stream"}, {"streamDescriptor", DescriptorJson(stream)}});
  }
  for (const Json& entry : FieldOf(configured, "streams")) {
    const StreamDescriptor stream = DescriptorOf(entry);
    const Json* now = FindEntry(offered, stream);
    if (now == nullptr) {
      transforms.push_back(
          {{"transformType", "remove_stream"}, {"streamDescriptor", DescriptorJson(stream)}});
      continue;
    }
    Json fields = FieldTransforms(entry, *now), attributes = AttributeTransforms(entry, *now);
    if (fields.empty() && attributes.empty()) continue;
    transforms.push_back({{"transformType", "update_stream"},
                          {"streamDescriptor", DescriptorJson(stream)},
                          {"updateStream",
                           {{"fieldTransforms", std::move(fields)},
                            {"streamAttributeTransforms", std::move(attributes)}}}});
  }
  return {{"transforms", std::move(transforms)}};
}

bool IsEmptyDiff(const Json& diff) { return FieldOf(diff, "transforms").empty(); }

bool IsBreakingDiff(const Json& diff) {
  for (const Json& transform : FieldOf(diff, "transforms")) {
    const Json& update = FieldOf(transform, "updateStream");
    for (const char* list : {"fieldTransforms", "streamAttributeTransforms"}) {
      for (const Json& change : FieldOf(update, list)) {
        if (FieldOf(change, "breaking") == true) return true;
      }
    }
  }
  return false;
}

}  // namespace millrace
