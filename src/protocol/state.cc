#include "protocol/state.h"

#include <nlohmann/json.hpp>

#include "protocol/catalog.h"

namespace millrace {
namespace {

constexpr const char* kTypeNames[] = {"STREAM", "GLOBAL", "LEGACY"};

Json StreamStateJson(const StreamDescriptor& descriptor, const JsonValue& state) {
  return Json{{"stream_descriptor", ToJson(descriptor)}, {"stream_state", *state}};
}

Result<std::pair<StreamDescriptor, JsonValue>> StreamStateFromJson(const Json& json) {
  if (!json.is_object() || !json.contains("stream_descriptor")) {
    return ConfigError("a stream's state needs a stream_descriptor");
  }
  MR_ASSIGN_OR_RETURN(auto descriptor, StreamDescriptorFromJson(json["stream_descriptor"]));
  return std::pair(std::move(descriptor), JsonValue(json.value("stream_state", Json::object())));
}

/// What a STREAM or GLOBAL message holds besides the state.
Json OthersIn(Json message) {
  for (const char* known : {"type", "stream", "global", "data"}) message.erase(known);
  return message;
}

Result<StateMessage> GlobalFromJson(const Json& json) {
  const Json global = json.value("global", Json());
  if (!global.is_object()) return ConfigError("a GLOBAL state needs an object \"global\"");
  StateMessage message;
  message.type = StateMessage::Type::kGlobal;
  message.shared_state = JsonValue(global.value("shared_state", Json::object()));
  for (const Json& stream : global.value("stream_states", Json::array())) {
    MR_ASSIGN_OR_RETURN(auto state, StreamStateFromJson(stream));
    message.streams.push_back(std::move(state));
  }
  message.others = OthersIn(json);
  return message;
}

}  // namespace

StateMessage StateMessage::OfStream(StreamDescriptor stream, Json state) {
  StateMessage message;
  message.streams.emplace_back(std::move(stream), std::move(state));
  return message;
}

StateMessage StateMessage::Global(Json shared_state,
                                  std::vector<std::pair<StreamDescriptor, JsonValue>> streams) {
  StateMessage message;
  message.type = Type::kGlobal;
  message.shared_state = std::move(shared_state);
  message.streams = std::move(streams);
  return message;
}

Json ToJson(const StateMessage& message) {
  Json json = *message.others;
  json["type"] = kTypeNames[static_cast<int>(message.type)];
  switch (message.type) {
    case StateMessage::Type::kStream:
      json["stream"] = StreamStateJson(message.streams[0].first, message.streams[0].second);
      break;
    case StateMessage::Type::kGlobal: {
      Json streams = Json::array();
      for (const auto& [descriptor, state] : message.streams) {
        streams.push_back(StreamStateJson(descriptor, state));
      }
      json["global"] = {{"shared_state", **message.shared_state}, {"stream_states", streams}};
      break;
    }
    case StateMessage::Type::kLegacy:
      json["data"] = **message.legacy;
      break;
  }
  return json;
}

Result<StateMessage> StateMessageFromJson(const Json& json) {
  if (!json.is_object()) return ConfigError("a state message must be an object");
  const Json type_field = json.value("type", Json("LEGACY"));
  const std::string type = type_field.is_string() ? type_field.get<std::string>() : "";
  if (type == "STREAM") {
    MR_ASSIGN_OR_RETURN(auto stream, StreamStateFromJson(json.value("stream", Json())));
    StateMessage message;
    message.streams.push_back(std::move(stream));
    message.others = OthersIn(json);
    return message;
  }
  if (type == "GLOBAL") return GlobalFromJson(json);
  if (type == "LEGACY") {
    StateMessage message;
    message.type = StateMessage::Type::kLegacy;
    message.legacy = JsonValue(json.contains("data") ? json["data"] : json);
    return message;
  }
  return ConfigError("unknown type of state {}: expected STREAM, GLOBAL or LEGACY",
                     type_field.dump());
}

void State::Merge(const StateMessage& message) {
  if (message.type == StateMessage::Type::kLegacy) {
    *this = State();
    legacy_ = message.legacy;
    return;
  }
  legacy_.reset();
  if (message.type == StateMessage::Type::kGlobal) shared_state_ = message.shared_state;
  for (const auto& [descriptor, state] : message.streams) {
    streams_.insert_or_assign(descriptor, state);
    if (message.type == StateMessage::Type::kGlobal) {
      apart_.erase(descriptor);
    } else {
      apart_.insert(descriptor);
    }
  }
}

void State::Clear(const StreamDescriptor& stream) {
  streams_.erase(stream);
  apart_.erase(stream);
  shared_state_.reset();
  legacy_.reset();
}

const Json* State::Find(const StreamDescriptor& stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : &*found->second;
}

std::vector<StateMessage> State::ToMessages() const {
  std::vector<StateMessage> messages;
  if (legacy_) {
    StateMessage message;
    message.type = StateMessage::Type::kLegacy;
    message.legacy = legacy_;
    messages.push_back(std::move(message));
    return messages;
  }
  std::vector<std::pair<StreamDescriptor, JsonValue>> shared;
  for (const auto& [descriptor, state] : streams_) {
    if (shared_state_ && !apart_.contains(descriptor)) {
      shared.emplace_back(descriptor, state);
    } else {
      messages.push_back(StateMessage::OfStream(descriptor, *state));
    }
  }
  if (shared_state_) {
    messages.insert(messages.begin(), StateMessage::Global(**shared_state_, std::move(shared)));
  }
  return messages;
}

Json ToJson(const State& state) {
  Json array = Json::array();
  for (const StateMessage& message : state.ToMessages()) array.push_back(ToJson(message));
  return array;
}

Result<State> StateFromJson(const Json& json) {
  State state;
  if (json.is_null() || (json.is_object() && json.empty())) return state;
  if (json.is_object()) return StateFromJson(Json::array({json}));
  if (!json.is_array()) return ConfigError("state must be a JSON array of state messages");
  for (const Json& element : json) {
    const bool wrapped = element.is_object() && element.contains("state") &&
                         element.value("type", Json()) == Json("STATE");
    MR_ASSIGN_OR_RETURN(const auto message,
                        StateMessageFromJson(wrapped ? element["state"] : element));
    state.Merge(message);
  }
  return state;
}

}  // namespace millrace
