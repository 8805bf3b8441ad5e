#include "server/config_api/state_json.h"

#include <nlohmann/json.hpp>
#include <set>

#include "control/schema/sync_catalog.h"
#include "protocol/catalog.h"
#include "server/config_api/connection_json.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

Json StreamStatesJson(const State& state) {
  Json list = Json::array();
  for (const auto& [stream, value] : state.streams()) {
    list.push_back({{"streamDescriptor", StreamDescriptorJson(stream)}, {"streamState", *value}});
  }
  return list;
}

using StreamStates = std::vector<std::pair<StreamDescriptor, JsonValue>>;

Result<StreamStates> StreamStatesOf(const Json& json, const char* field) {
  StreamStates states;
  if (json.is_null()) return states;
  if (!json.is_array()) return ConfigError("{} must be a list", field);
  std::set<StreamDescriptor> seen;
  for (const Json& entry : json) {
    const Json& named = FieldOf(entry, "streamDescriptor");
    if (!named.is_object()) return ConfigError("{}: each entry needs a streamDescriptor", field);
    MR_ASSIGN_OR_RETURN(StreamDescriptor stream, StreamDescriptorFromJson(named));
    if (!seen.insert(stream).second) {
      return ConfigError("{}: the stream {} is there twice", field, stream.ToString());
    }
    const Json& value = FieldOf(entry, "streamState");
    states.emplace_back(std::move(stream), JsonValue(value.is_null() ? Json::object() : value));
  }
  return states;
}

}  // namespace

Json ConnectionStateJson(const State& state) {
  if (state.shared_state()) {
    return {
        {"stateType", "global"},
        {"globalState",
         {{"shared_state", **state.shared_state()}, {"streamStates", StreamStatesJson(state)}}}};
  }
  if (state.legacy()) return {{"stateType", "legacy"}, {"state", **state.legacy()}};
  if (state.empty()) return {{"stateType", "not_set"}};
  return {{"stateType", "stream"}, {"streamState", StreamStatesJson(state)}};
}

Result<State> StateOfConnectionState(const Json& json) {
  const std::string type = TextOf(json, "stateType");
  State state;
  if (type == "not_set") return state;
  if (type == "stream") {
    MR_ASSIGN_OR_RETURN(const auto streams,
                        StreamStatesOf(FieldOf(json, "streamState"), "streamState"));
    for (const auto& [stream, value] : streams) {
      state.Merge(StateMessage::OfStream(stream, *value));
    }
    return state;
  }
  if (type == "global") {
    const Json& global = FieldOf(json, "globalState");
    if (!global.is_object()) return ConfigError("stateType is global: globalState must be given");
    MR_ASSIGN_OR_RETURN(
        auto streams, StreamStatesOf(FieldOf(global, "streamStates"), "globalState.streamStates"));
    const Json& shared = FieldOf(global, "shared_state");
    state.Merge(
        StateMessage::Global(shared.is_null() ? Json::object() : shared, std::move(streams)));
    return state;
  }
  if (type == "legacy") {
    StateMessage message;
    message.type = StateMessage::Type::kLegacy;
    message.legacy = JsonValue(FieldOf(json, "state"));
    state.Merge(message);
    return state;
  }
  return ConfigError("stateType is \"{}\"; it may be stream, global, legacy or not_set", type);
}

}  // namespace millrace
