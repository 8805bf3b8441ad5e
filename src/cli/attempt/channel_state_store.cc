#include "cli/attempt/channel_state_store.h"

#include <nlohmann/json.hpp>

#include "protocol/catalog.h"

namespace millrace {

Status ChannelStateStore::Save(const StateMessage& state, CheckpointId checkpoint,
                               const RecordCounts& counts) {
  constexpr auto kAnswerLimit = std::chrono::seconds(60);
  Json rows = Json::array();
  for (const auto& [stream, records] : counts) {
    Json row = ToJson(stream);
    row["records"] = records;
    rows.push_back(std::move(row));
  }
  return channel_
      .Ask({{"type", "STATE"},
            {"state", ToJson(state)},
            {"checkpoint", checkpoint},
            {"counts", std::move(rows)}},
           kAnswerLimit)
      .status();
}

}  // namespace millrace
