#include "external/external_destination.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "external/external_load.h"

namespace millrace {
namespace {

/// What the program is told to do. The protocol has no word for a table that is replaced and
/// deduplicated: such a stream is replaced.
DestinationSyncMode ToldMode(DestinationSyncMode mode) {
  return mode == DestinationSyncMode::kOverwriteDedup ? DestinationSyncMode::kOverwrite : mode;
}

/// A specification that lists no modes says nothing of them.
Status CheckModes(const ConfiguredCatalog& catalog, const Json& spec) {
  const Json listed = spec.value("supported_destination_sync_modes", Json());
  if (!listed.is_array() || listed.empty()) return Status::Ok();
  for (const ConfiguredStream& stream : catalog.streams) {
    const Json mode(ToString(ToldMode(stream.destination_sync_mode)));
    if (std::find(listed.begin(), listed.end(), mode) != listed.end()) continue;
    std::vector<std::string> modes;
    for (const Json& one : listed) modes.push_back(one.is_string() ? one.get<std::string>() : "?");
    return ConfigError("the destination can't {} (the mode of {}); what it can: {}",
                       mode.get<std::string>(), stream.descriptor().ToString(),
                       fmt::join(modes, ", "))
        .WithStream(stream.descriptor());
  }
  return Status::Ok();
}

/// The catalog as the program is to see it: its own names, and the protocol's fields only.
JsonValue CatalogFile(const ConfiguredCatalog& catalog) {
  ConfiguredCatalog told = catalog;
  for (ConfiguredStream& stream : told.streams) {
    stream.stream.descriptor = stream.destination;
    stream.destination_sync_mode = ToldMode(stream.destination_sync_mode);
  }
  Json json = ToJson(told);
  for (Json& stream : json["streams"]) {
    for (const char* ours : {"selected_fields", "goes_on", "destination"}) stream.erase(ours);
  }
  return JsonValue(std::move(json));
}

/// A table that is replaced starts anew with the program: see ExternalLoad::HasCommitsOf.
bool IsOpenedAgain(const ConfiguredCatalog& catalog, const Load& load) {
  return std::any_of(catalog.streams.begin(), catalog.streams.end(), [&](const auto& stream) {
    return stream.goes_on && !load.HasCommitsOf(stream.descriptor());
  });
}

}  // namespace

Status ExternalDestination::Check() {
  MR_RETURN_IF_ERROR(tasks_.Prepare());
  return tasks_.Check();
}

Result<std::unique_ptr<Load>> ExternalDestination::OpenLoad(const ConfiguredCatalog& catalog,
                                                            const LoadContext& context,
                                                            CommitListener& listener) {
  MR_RETURN_IF_ERROR(tasks_.Prepare());
  MR_RETURN_IF_ERROR(CheckModes(catalog, tasks_.spec()));
  auto load = std::make_unique<ExternalLoad>(catalog, context, listener);
  if (IsOpenedAgain(catalog, *load)) return load;
  MR_RETURN_IF_ERROR(
      load->Start(tasks_, {tasks_.ConfigFile(), {"--catalog", CatalogFile(catalog)}}));
  return load;
}

}  // namespace millrace
