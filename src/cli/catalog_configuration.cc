#include "cli/catalog_configuration.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/nearest_names.h"
#include "cli/stream_argument.h"
#include "protocol/destination_namespace.h"

namespace millrace {
namespace {

/// What may be written instead of `selection`: in the same form, with a namespace or without.
std::vector<std::string> NamesLike(const StreamSelection& selection, const Catalog& catalog) {
  std::set<std::string> names;
  for (const Stream& stream : catalog.streams) {
    names.insert(selection.name_space ? stream.descriptor.ToString() : stream.descriptor.name);
  }
  return {names.begin(), names.end()};
}

/// The one stream that a selection means.
Result<const Stream*> FindStream(const Catalog& catalog, const StreamSelection& selection) {
  std::vector<const Stream*> found;
  for (const Stream& stream : catalog.streams) {
    const StreamDescriptor& descriptor = stream.descriptor;
    if (descriptor.name != selection.name) continue;
    if (selection.name_space && descriptor.name_space.value_or("") != *selection.name_space) {
      continue;
    }
    found.push_back(&stream);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    const std::string wanted = StreamDescriptor{selection.name, selection.name_space}.ToString();
    const auto names = NamesLike(selection, catalog);
    std::string near = DidYouMean(wanted, names);
    if (near.empty() && names.empty()) near = "; it offers none";
    if (near.empty()) near = " (see: millrace discover)";
    return ConfigError("{}: the source has no stream {}{}", selection.place, wanted, near);
  }
  std::vector<std::string> spaces;
  for (const Stream* stream : found) {
    spaces.push_back(stream->descriptor.name_space.value_or("(none)"));
  }
  return ConfigError("{}: the stream {} exists in {} namespaces: {}; add namespace: {}",
                     selection.place, selection.name, found.size(), fmt::join(spaces, ", "),
                     spaces.front());
}

/// Applies the connection's rules to one stream.
class StreamConfiguration {
 public:
  StreamConfiguration(const ConnectionFile& file, const Stream& stream,
                      const StreamSelection& selection)
      : file_(file), stream_(stream), selection_(selection) {
    const Json& schema = *stream.json_schema;
    const auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->is_object()) return;
    for (const auto& [column, unused] : properties->items()) columns_.push_back(column);
  }

  Result<ConfiguredStream> Configure() {
    ConfiguredStream configured;
    configured.stream = stream_;
    configured.sync_mode = selection_.sync_mode;
    configured.destination_sync_mode = selection_.destination_sync_mode;
    MR_RETURN_IF_ERROR(CheckMode());
    MR_RETURN_IF_ERROR(SetKeys(&configured));
    MR_RETURN_IF_ERROR(SelectColumns(&configured));
    configured.destination = Destination();
    return configured;
  }

 private:
  Status Fail(std::string_view message) const {
    return ConfigError("{}: stream {}: {}", selection_.place, stream_.descriptor.ToString(),
                       message);
  }

  Status CheckMode() const {
    const auto& modes = stream_.supported_sync_modes;
    if (std::find(modes.begin(), modes.end(), selection_.sync_mode) != modes.end()) {
      return Status::Ok();
    }
    std::vector<std::string> supported;
    for (const SyncMode mode : modes) supported.emplace_back(ToString(mode));
    return Fail(fmt::format("the source can't read it in sync_mode {}; it supports: {}",
                            SyncModeName(selection_.sync_mode, selection_.destination_sync_mode),
                            fmt::join(supported, ", ")));
  }

  Status CheckColumn(const std::string& column, std::string_view what) const {
    if (columns_.empty() || std::find(columns_.begin(), columns_.end(), column) != columns_.end()) {
      return Status::Ok();
    }
    std::string near = DidYouMean(column, columns_);
    if (near.empty()) near = fmt::format("; it has: {}", fmt::join(columns_, ", "));
    return Fail(fmt::format("{} names the column {}, which it doesn't have{}", what, column, near));
  }

  Status SetKeys(ConfiguredStream* configured) const {
    configured->primary_key = selection_.primary_key.empty() ? stream_.source_defined_primary_key
                                                             : selection_.primary_key;
    for (const FieldPath& path : selection_.primary_key) {
      MR_RETURN_IF_ERROR(CheckColumn(path.front(), "primary_key"));
    }
    const bool dedup = configured->destination_sync_mode == DestinationSyncMode::kAppendDedup ||
                       configured->destination_sync_mode == DestinationSyncMode::kOverwriteDedup;
    if (dedup && configured->primary_key.empty()) {
      return Fail("the source defines no primary key; add primary_key: [[column]]");
    }
    if (configured->sync_mode != SyncMode::kIncremental) return Status::Ok();
    const FieldPath& wanted = selection_.cursor_field;
    configured->cursor_field = stream_.default_cursor_field;
    if (stream_.source_defined_cursor) {
      if (wanted.empty() || wanted == stream_.default_cursor_field) return Status::Ok();
      const std::string own = fmt::format("{}", fmt::join(stream_.default_cursor_field, ", "));
      return Fail(
          fmt::format("cursor_field names {}, but the source defines the cursor{}; leave "
                      "cursor_field out",
                      fmt::join(wanted, ", "), own.empty() ? "" : " (" + own + ")"));
    }
    if (!wanted.empty()) {
      configured->cursor_field = wanted;
      return CheckColumn(wanted.front(), "cursor_field");
    }
    if (configured->cursor_field.empty()) {
      return Fail("the source defines no cursor; add cursor_field: [column]");
    }
    return Status::Ok();
  }

  Status SelectColumns(ConfiguredStream* configured) const {
    const auto& selected = selection_.selected_fields;
    if (selected.empty()) return Status::Ok();
    for (const std::string& column : selected) {
      MR_RETURN_IF_ERROR(CheckColumn(column, "selected_fields"));
    }
    std::vector<std::string> needed;
    for (const FieldPath& path : selection_.primary_key) needed.push_back(path.front());
    if (!configured->cursor_field.empty()) needed.push_back(configured->cursor_field.front());
    for (const std::string& column : needed) {
      if (std::find(selected.begin(), selected.end(), column) == selected.end()) {
        return Fail(fmt::format("selected_fields leaves out {}, which is its cursor or key; add it",
                                column));
      }
    }
    Json schema = *stream_.json_schema;
    Json properties = Json::object();
    for (const std::string& column : columns_) {
      if (std::find(selected.begin(), selected.end(), column) == selected.end()) continue;
      properties[column] = schema["properties"][column];
      configured->selected_fields.push_back(column);
    }
    schema["properties"] = std::move(properties);
    configured->stream.json_schema = JsonValue(std::move(schema));
    return Status::Ok();
  }

  StreamDescriptor Destination() const {
    if (file_.destination_namespace == "source") {
      return {file_.prefix + stream_.descriptor.name, stream_.descriptor.name_space};
    }
    const bool by_destination = file_.destination_namespace == "destination";
    return DestinationByFormat(stream_.descriptor, file_.prefix,
                               by_destination ? "" : file_.destination_namespace);
  }

  const ConnectionFile& file_;
  const Stream& stream_;
  const StreamSelection& selection_;
  std::vector<std::string> columns_;
};

/// Keeps the streams that --stream names; an argument that names none is an error.
Status KeepOnly(const std::vector<std::string>& only, ConfiguredCatalog* catalog) {
  std::vector<std::string> names;
  for (const ConfiguredStream& stream : catalog->streams) {
    names.push_back(stream.descriptor().ToString());
    if (stream.descriptor().name_space) names.push_back(stream.descriptor().name);
  }
  for (const std::string& argument : only) {
    const bool found =
        std::any_of(catalog->streams.begin(), catalog->streams.end(),
                    [&](const auto& stream) { return NamesStream(argument, stream.descriptor()); });
    if (!found) {
      return ConfigError("--stream {}: the connection has no such stream{}", argument,
                         DidYouMean(argument, names));
    }
  }
  std::erase_if(catalog->streams, [&](const ConfiguredStream& stream) {
    return std::none_of(only.begin(), only.end(), [&](const std::string& argument) {
      return NamesStream(argument, stream.descriptor());
    });
  });
  return Status::Ok();
}

Status RefuseSharedTables(const ConfiguredCatalog& catalog) {
  std::map<StreamDescriptor, const ConfiguredStream*> tables;
  for (const ConfiguredStream& stream : catalog.streams) {
    const auto [found, added] = tables.try_emplace(stream.destination, &stream);
    if (added) continue;
    return ConfigError(
        "the streams {} and {} would both land in {}; set destination_namespace: source, or sync "
        "only one of them",
        found->second->descriptor().ToString(), stream.descriptor().ToString(),
        stream.destination.ToString());
  }
  return Status::Ok();
}

}  // namespace

Result<ConfiguredCatalog> ConfigureCatalog(const ConnectionFile& file, const Catalog& discovered,
                                           const std::vector<std::string>& only) {
  ConfiguredCatalog catalog;
  if (file.streams) {
    for (const StreamSelection& selection : *file.streams) {
      MR_ASSIGN_OR_RETURN(const Stream* stream, FindStream(discovered, selection));
      MR_ASSIGN_OR_RETURN(auto configured,
                          StreamConfiguration(file, *stream, selection).Configure());
      catalog.streams.push_back(std::move(configured));
    }
  } else {
    StreamSelection everything;
    everything.place = file.path.string();
    for (const Stream& stream : discovered.streams) {
      MR_ASSIGN_OR_RETURN(auto configured,
                          StreamConfiguration(file, stream, everything).Configure());
      catalog.streams.push_back(std::move(configured));
    }
  }
  if (!only.empty()) MR_RETURN_IF_ERROR(KeepOnly(only, &catalog));
  if (catalog.streams.empty()) {
    return ConfigError(
        "the source offers no stream; is it the right database or folder, and may the user read "
        "it?");
  }
  MR_RETURN_IF_ERROR(RefuseSharedTables(catalog));
  return catalog;
}

}  // namespace millrace
