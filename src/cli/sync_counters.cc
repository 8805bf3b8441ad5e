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
      counters.generations_.Set(stream, GenerationFromJson(row));
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

Status SyncCounters::Save() const {
  Json streams = Json::array();
  for (const auto& [stream, generation] : generations_.all()) {
    Json row = ToJson(stream);
    row.update(ToJson(generation));
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
