#include "cli/attempt/config_keeper.h"

#include <nlohmann/json.hpp>

namespace millrace {

KeepConfig ParentKeeps(AttemptChannel& channel) {
  return [&channel](const ConfigChange& change) {
    constexpr auto kAnswerLimit = std::chrono::seconds(60);
    return channel.Ask(ToJson(change), kAnswerLimit)
        .status()
        .WithContext("keeping the configuration that the connector changed");
  };
}

}  // namespace millrace
