#include "cli/sync_counters.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file_io.h"

namespace millrace {

Result<SyncCounters> SyncCounters::Load(std::filesystem::path path) {
  SyncCounters counters;
  counters.path_ = std::move(path);
  std::error_code code;
  if (!std::filesystem::exists(counters.path_, code) && !code) return counters;
  MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(counters.path_));
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  try {
    counters.sync_id_ = json.at("sync_id").get<int64_t>();
    counters.attempt_id_ = json.at("attempt_id").get<int64_t>();
    counters.fencing_token_ = json.value("fencing_token", counters.attempt_id_);
    for (const Json& row : json.at("streams")) {
      MR_ASSIGN_OR_RETURN(const auto stream, StreamDescriptorFromJson(row));
      counters.generations_[stream] = {row.at("generation_id").get<int64_t>(),
                                       row.at("replacing").get<bool>()};
    }
  } catch (const Json::exception& error) {
    return ConfigError("{} is damaged ({}); restore it, or remove it to count anew",
                       counters.path_.string(), error.what());
  }
  return counters;
}

void SyncCounters::BeginAttempt(WallTime now) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch());
  ++attempt_id_;
  fencing_token_ = std::max<int64_t>(fencing_token_ + 1, since_epoch.count());
}

bool SyncCounters::Assign(ConfiguredStream* stream, bool refreshed, bool retried) {
  Generation& generation = generations_[stream->descriptor()];
  const bool overwrite = stream->destination_sync_mode == DestinationSyncMode::kOverwrite ||
                         stream->destination_sync_mode == DestinationSyncMode::kOverwriteDedup;
  const bool restart = !overwrite && (refreshed || generation.replacing);
  const bool replace = overwrite || restart;
  const bool read_again = stream->sync_mode == SyncMode::kFullRefresh && retried;
  if (replace || read_again || generation.id == 0) ++generation.id;
  generation.replacing = replace;
  stream->generation_id = generation.id;
  stream->minimum_generation_id = replace ? generation.id : 0;
  stream->sync_id = sync_id_;
  return restart;
}

bool SyncCounters::Complete(const StreamDescriptor& stream) {
  const auto found = generations_.find(stream);
  if (found == generations_.end() || !found->second.replacing) return false;
  found->second.replacing = false;
  return true;
}

Status SyncCounters::Save() const {
  Json streams = Json::array();
  for (const auto& [stream, generation] : generations_) {
    Json row = ToJson(stream);
    row["generation_id"] = generation.id;
    row["replacing"] = generation.replacing;
    streams.push_back(std::move(row));
  }
  const Json json{{"sync_id", sync_id_},
                  {"attempt_id", attempt_id_},
                  {"fencing_token", fencing_token_},
                  {"streams", std::move(streams)}};
  return WriteFileAtomically(path_, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n",
                             0600)
      .WithContext("saving the connection's counters");
}

}  // namespace millrace
