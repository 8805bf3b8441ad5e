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
                                       row.at("replacing").get<bool>(),
                                       row.value("unfinished", std::string())};
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

bool SyncCounters::IsUnfinished(const StreamDescriptor& stream) const {
  const auto found = generations_.find(stream);
  return found != generations_.end() && !found->second.unfinished.empty();
}

bool SyncCounters::Assign(ConfiguredStream* stream, bool refreshed, bool retried,
                          const std::string& shape) {
  Generation& generation = generations_[stream->descriptor()];
  const bool overwrite = stream->destination_sync_mode == DestinationSyncMode::kOverwrite ||
                         stream->destination_sync_mode == DestinationSyncMode::kOverwriteDedup;
  stream->goes_on = stream->goes_on && !refreshed && !shape.empty() && generation.id > 0 &&
                    generation.unfinished == shape && (!overwrite || generation.replacing);
  const bool replace = overwrite || refreshed || generation.replacing;
  const bool read_again = stream->sync_mode == SyncMode::kFullRefresh && retried;
  const bool leaves_one = !generation.unfinished.empty();  // hidden rows that nobody wants any more
  if (!stream->goes_on && (replace || read_again || leaves_one || generation.id == 0)) {
    ++generation.id;
  }
  generation.replacing = replace;
  generation.unfinished = shape;
  stream->generation_id = generation.id;
  stream->minimum_generation_id = replace ? generation.id : 0;
  stream->sync_id = sync_id_;
  return replace && !overwrite && !stream->goes_on;
}

bool SyncCounters::Complete(const StreamDescriptor& stream) {
  const auto found = generations_.find(stream);
  if (found == generations_.end()) return false;
  Generation& generation = found->second;
  if (!generation.replacing && generation.unfinished.empty()) return false;
  generation.replacing = false;
  generation.unfinished.clear();
  return true;
}

Status SyncCounters::Save() const {
  Json streams = Json::array();
  for (const auto& [stream, generation] : generations_) {
    Json row = ToJson(stream);
    row["generation_id"] = generation.id;
    row["replacing"] = generation.replacing;
    if (!generation.unfinished.empty()) row["unfinished"] = generation.unfinished;
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
