#include "server/public_api/stream_modes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

constexpr StreamMode kModes[] = {
    {"full_refresh_overwrite", "full_refresh", "overwrite"},
    {"full_refresh_append", "full_refresh", "append"},
    {"incremental_append", "incremental", "append"},
    {"incremental_deduped_history", "incremental", "append_dedup"},
    // Older clients fail when a list names these.
    {"full_refresh_overwrite_deduped", "full_refresh", "overwrite_dedup"},
    {"full_refresh_update", "full_refresh", "update"},
    {"full_refresh_soft_delete", "full_refresh", "soft_delete"},
    {"incremental_update", "incremental", "update"},
    {"incremental_soft_delete", "incremental", "soft_delete"},
};
constexpr size_t kWellKnown = 4;

}  // namespace

const StreamMode* FindStreamMode(std::string_view name) {
  const auto* found = std::ranges::find(kModes, name, &StreamMode::name);
  return found == std::end(kModes) ? nullptr : found;
}

const StreamMode* FindStreamMode(std::string_view sync_mode, std::string_view destination_mode) {
  for (const StreamMode& mode : kModes) {
    if (mode.sync_mode == sync_mode && mode.destination_mode == destination_mode) return &mode;
  }
  return nullptr;
}

std::vector<std::string> PossibleModes(const Json& stream,
                                       const std::vector<std::string>& destination_modes) {
  std::vector<std::string> names;
  const Json supported = stream.value("supportedSyncModes", Json::array());
  for (size_t i = 0; i < kWellKnown; ++i) {
    const StreamMode& mode = kModes[i];
    const bool source_can = std::ranges::any_of(
        supported, [&](const Json& one) { return one == std::string(mode.sync_mode); });
    const bool destination_can =
        destination_modes.empty() ||
        std::ranges::find(destination_modes, mode.destination_mode) != destination_modes.end();
    if (source_can && destination_can) names.emplace_back(mode.name);
  }
  return names;
}

}  // namespace millrace
