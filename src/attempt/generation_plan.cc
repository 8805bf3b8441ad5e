#include "attempt/generation_plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "protocol/no_cursor_state.h"

namespace millrace {
namespace {

/// A name for what the rows of a stream look like and where they go: 64 bits, FNV-1a. Two that meet
/// by chance would have to follow each other in one stream.
std::string ShapeOf(ConfiguredStream stream, const std::string& row_options) {
  stream.generation_id = stream.minimum_generation_id = stream.sync_id = 0;
  stream.goes_on = false;
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](const std::string& text) {
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  };
  add(ToJson(ConfiguredCatalog{{std::move(stream)}})
          .dump(-1, ' ', false, Json::error_handler_t::replace));
  add(row_options);
  return fmt::format("{:016x}", hash);
}

bool HasState(const State& state, const StreamDescriptor& stream) {
  const Json* const found = state.Find(stream);
  return !state.shared_state() && found != nullptr && !found->empty();
}

/// A table that was read and not shown is worth showing in the sync that read it; a later one is
/// asked for what the source has now. Rows that are added may be there already, which only the
/// attempt that goes on finds out.
bool IsOutdated(const ConfiguredStream& stream, const State& state, bool retried) {
  return !retried && stream.destination_sync_mode != DestinationSyncMode::kAppend &&
         SaysRead(*state.Find(stream.descriptor()));
}

}  // namespace

ForgottenStates PlanGenerations(const AttemptReason& reason, const State& saved,
                                StreamGenerations* generations, ConfiguredCatalog* catalog) {
  ForgottenStates forgotten;
  for (ConfiguredStream& stream : catalog->streams) {
    const StreamDescriptor& descriptor = stream.descriptor();
    const bool resumable = stream.sync_mode == SyncMode::kFullRefresh && stream.stream.is_resumable;
    const RefreshMode refresh = reason.refresh(descriptor);
    const bool interrupted = resumable && generations->IsUnfinished(descriptor) &&
                             refresh == RefreshMode::kNone && HasState(saved, descriptor) &&
                             !IsOutdated(stream, saved, reason.retried);
    const std::string shape = resumable ? ShapeOf(stream, reason.row_options) : "";
    stream.goes_on = interrupted;
    if (generations->Assign(&stream, refresh, reason.retried, shape)) {
      forgotten.voided.push_back(descriptor);
    } else if (resumable && !stream.goes_on && HasState(saved, descriptor)) {
      forgotten.stale.push_back(descriptor);
    }
    if (!interrupted || stream.goes_on) continue;
    reason.warn(descriptor.ToString() +
                ": its columns, mode or options have changed since its full refresh was "
                "interrupted: it is read from its start");
  }
  return forgotten;
}

}  // namespace millrace
