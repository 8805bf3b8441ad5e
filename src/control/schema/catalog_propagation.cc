#include "control/schema/catalog_propagation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"

namespace millrace {
namespace {

StreamDescriptor StreamOf(const Json& transform) {
  return DescriptorOf(Json{{"stream", FieldOf(transform, "streamDescriptor")}});
}

/// In the order of preference.
struct Mode {
  const char* reads;
  const char* writes;
};
constexpr Mode kModes[] = {{"incremental", "append_dedup"},
                           {"full_refresh", "overwrite"},
                           {"incremental", "append"},
                           {"full_refresh", "append"}};

void ChooseMode(const std::vector<std::string>& able, Json* entry) {
  const Json& stream = (*entry)["stream"];
  const Json& reads = FieldOf(stream, "supportedSyncModes");
  const bool has_cursor = FieldOf(stream, "sourceDefinedCursor") == true ||
                          !FieldPathOf(FieldOf(stream, "defaultCursorField")).empty();
  const bool has_key = !FieldPathsOf(FieldOf(stream, "sourceDefinedPrimaryKey")).empty();
  for (const Mode& mode : kModes) {
    const bool incremental = std::string_view(mode.reads) == "incremental";
    const bool dedup = std::string_view(mode.writes) == "append_dedup";
    if (std::find(reads.begin(), reads.end(), mode.reads) == reads.end()) continue;
    if (!able.empty() && std::find(able.begin(), able.end(), mode.writes) == able.end()) continue;
    if ((incremental && !has_cursor) || (dedup && !has_key)) continue;
    (*entry)["config"]["syncMode"] = mode.reads;
    (*entry)["config"]["destinationSyncMode"] = mode.writes;
    return;
  }
}

/// The stream as it is now; a selection of columns gains the new ones and loses those that are
/// gone. True when it has gained columns.
bool UpdateEntry(const Json& now, const Json& transform, Json* entry) {
  (*entry)["stream"] = now["stream"];
  bool gained = false;
  Json& config = (*entry)["config"];
  std::vector<std::string> selected;
  for (const Json& field : FieldOf(config, "selectedFields")) {
    const FieldPath path = FieldPathOf(FieldOf(field, "fieldPath"));
    if (!path.empty()) selected.push_back(path.front());
  }
  for (const Json& change : FieldOf(FieldOf(transform, "updateStream"), "fieldTransforms")) {
    const FieldPath path = FieldPathOf(FieldOf(change, "fieldName"));
    const bool added = FieldOf(change, "transformType") == "add_field";
    gained = gained || added;
    if (path.size() != 1) continue;
    if (added) selected.push_back(path.front());
    if (FieldOf(change, "transformType") == "remove_field") std::erase(selected, path.front());
  }
  if (FieldOf(config, "fieldSelectionEnabled") == true) {
    config["selectedFields"] = Json::array();
    for (const std::string& name : selected) {
      config["selectedFields"].push_back({{"fieldPath", {name}}});
    }
  }
  return gained;
}

}  // namespace

Propagation PropagateChanges(const Json& configured, const Json& offered, const Json& diff,
                             bool streams_too, const std::vector<std::string>& destination_modes) {
  Propagation result;
  Json catalog = configured, applied = Json::array();
  Json& streams = catalog["streams"];
  for (const Json& transform : FieldOf(diff, "transforms")) {
    const StreamDescriptor stream = StreamOf(transform);
    const Json& type = FieldOf(transform, "transformType");
    const auto found = std::find_if(streams.begin(), streams.end(), [&](const Json& entry) {
      return DescriptorOf(entry) == stream;
    });
    const Json* now = FindEntry(offered, stream);
    if (type == "update_stream" && found != streams.end() && now != nullptr) {
      const bool incremental = FieldOf((*found)["config"], "syncMode") == "incremental";
      if (UpdateEntry(*now, transform, &*found) && incremental && IsSelected(*found)) {
        result.gained_columns.push_back(stream);
      }
    } else if (type == "add_stream" && streams_too && now != nullptr) {
      Json entry = *now;
      ChooseMode(destination_modes, &entry);
      streams.push_back(std::move(entry));
    } else if (type == "remove_stream" && streams_too && found != streams.end()) {
      streams.erase(found);
    } else {
      continue;
    }
    applied.push_back(transform);
  }
  result.catalog = std::move(catalog);
  result.applied = Json{{"transforms", std::move(applied)}};
  return result;
}

Json MergeOffered(const Json& configured, const Json& offered) {
  Json merged = offered;
  for (Json& entry : merged["streams"]) {
    if (const Json* chosen = FindEntry(configured, DescriptorOf(entry))) {
      entry["config"] = (*chosen)["config"];
    } else {
      entry["config"]["selected"] = false;
    }
  }
  return merged;
}

}  // namespace millrace
