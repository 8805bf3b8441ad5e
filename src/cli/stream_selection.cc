#include "cli/stream_selection.h"

#include <nlohmann/json.hpp>

#include "base/nearest_names.h"
#include "cli/yaml_section.h"

namespace millrace {
namespace {

/// The public API's names for pairs of modes.
struct ModePair {
  std::string_view name;
  SyncMode sync_mode;
  DestinationSyncMode destination_sync_mode;
};
constexpr ModePair kModes[] = {
    {"full_refresh_overwrite", SyncMode::kFullRefresh, DestinationSyncMode::kOverwrite},
    {"full_refresh_append", SyncMode::kFullRefresh, DestinationSyncMode::kAppend},
    {"full_refresh_overwrite_deduped", SyncMode::kFullRefresh,
     DestinationSyncMode::kOverwriteDedup},
    {"incremental_append", SyncMode::kIncremental, DestinationSyncMode::kAppend},
    {"incremental_deduped_history", SyncMode::kIncremental, DestinationSyncMode::kAppendDedup},
};

Status ReadSyncMode(const YamlSection& section, StreamSelection* selection) {
  MR_ASSIGN_OR_RETURN(const auto text, section.Text("sync_mode"));
  if (!text) return Status::Ok();
  std::vector<std::string> names;
  for (const ModePair& mode : kModes) {
    names.emplace_back(mode.name);
    if (mode.name != *text) continue;
    selection->sync_mode = mode.sync_mode;
    selection->destination_sync_mode = mode.destination_sync_mode;
    return Status::Ok();
  }
  return section.ErrorAt(
      "sync_mode", fmt::format("sync_mode is {}; allowed: {}{}", *text, fmt::join(names, ", "),
                               DidYouMean(*text, names, 1)));
}

/// [[a], [b, c]]: paths; a text in the place of a path is a path of one.
Result<std::vector<FieldPath>> ReadPaths(const YamlSection& section, const std::string& key) {
  std::vector<FieldPath> paths;
  const Json* value = section.Find(key);
  if (value == nullptr) return paths;
  const Json list = value->is_array() ? *value : Json::array({*value});
  for (const Json& item : list) {
    FieldPath path;
    for (const Json& part : item.is_array() ? item : Json::array({item})) {
      if (!part.is_string()) {
        return section.ErrorAt(key, key + " must be a list of columns, like [[customer_id]]");
      }
      path.push_back(part.get<std::string>());
    }
    if (path.empty()) return section.ErrorAt(key, key + " has an empty column");
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace

std::string SyncModeName(SyncMode mode, DestinationSyncMode destination_mode) {
  for (const ModePair& pair : kModes) {
    if (pair.sync_mode == mode && pair.destination_sync_mode == destination_mode) {
      return std::string(pair.name);
    }
  }
  return fmt::format("{}_{}", ToString(mode), ToString(destination_mode));
}

Result<StreamSelection> ReadStreamSelection(const YamlDocument& document,
                                            const std::string& pointer) {
  StreamSelection selection;
  selection.place = document.PlaceOf(pointer);
  const Json& value = document.root()[Json::json_pointer(pointer)];
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) {
    selection.name = value.get<std::string>();
    return selection;
  }
  if (!value.is_object()) {
    return document.ErrorAt(pointer, "a stream must be a name, or a mapping with a name");
  }
  MR_ASSIGN_OR_RETURN(const YamlSection section, YamlSection::At(document, pointer));
  MR_RETURN_IF_ERROR(section.AllowOnly(
      {"name", "namespace", "sync_mode", "cursor_field", "primary_key", "selected_fields"}));
  MR_ASSIGN_OR_RETURN(const auto name, section.Text("name"));
  if (!name || name->empty()) return document.ErrorAt(pointer, "a stream needs a name");
  selection.name = *name;
  MR_ASSIGN_OR_RETURN(selection.name_space, section.Text("namespace"));
  MR_RETURN_IF_ERROR(ReadSyncMode(section, &selection));
  MR_ASSIGN_OR_RETURN(selection.cursor_field, section.Texts("cursor_field"));
  MR_ASSIGN_OR_RETURN(selection.primary_key, ReadPaths(section, "primary_key"));
  MR_ASSIGN_OR_RETURN(selection.selected_fields, section.Texts("selected_fields"));
  if (section.Find("selected_fields") != nullptr && selection.selected_fields.empty()) {
    return section.ErrorAt("selected_fields",
                           "selected_fields is empty; name columns, or leave it out for all");
  }
  return selection;
}

}  // namespace millrace
