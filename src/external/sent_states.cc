#include "external/sent_states.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

/// What an entry takes beside its text.
constexpr int64_t kEntryBytes = 256;
/// Echoes may come twice; later than this many others they are strangers.
constexpr size_t kConfirmedMax = 1024;

/// A whole number is the same with and without a fraction of zero, which some libraries write.
nlohmann::json CanonicalNumber(double number) {
  constexpr double kExactMax = 9'007'199'254'740'992;
  if (std::abs(number) > kExactMax || number != std::floor(number)) return number;
  return static_cast<int64_t>(number);
}

/// Fields in order of their names, without those that are null.
nlohmann::json Canonical(const Json& json) {
  if (json.is_number()) {
    if (json.is_number_float()) return CanonicalNumber(json.get<double>());
    if (json.is_number_unsigned()) return json.get<uint64_t>();
    return json.get<int64_t>();
  }
  if (json.is_array()) {
    auto array = nlohmann::json::array();
    for (const Json& element : json) array.push_back(Canonical(element));
    return array;
  }
  if (json.is_object()) {
    auto object = nlohmann::json::object();
    for (const auto& [key, value] : json.items()) {
      if (!value.is_null()) object[key] = Canonical(value);
    }
    return object;
  }
  if (json.is_string()) return json.get<std::string>();
  return json.is_boolean() ? nlohmann::json(json.get<bool>()) : nlohmann::json();
}

std::string Text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The state itself, without anything beside it. Streams in order of their names.
uint64_t ContentOf(const StateMessage& message) {
  std::vector<std::string> parts;
  for (const auto& [stream, state] : message.streams) {
    parts.push_back(Text({stream.name_space.value_or(""), stream.name, Canonical(*state)}));
  }
  std::sort(parts.begin(), parts.end());
  nlohmann::json whole = {static_cast<int>(message.type), parts};
  if (message.shared_state) whole.push_back(Canonical(**message.shared_state));
  if (message.legacy) whole.push_back(Canonical(**message.legacy));
  return std::hash<std::string>()(Text(whole));
}

std::optional<StreamDescriptor> StreamOf(const StateMessage& message) {
  if (message.type != StateMessage::Type::kStream) return std::nullopt;
  return message.streams[0].first;
}

}  // namespace

Json SentStates::Add(CheckpointId id, const StateMessage& state, int64_t records) {
  Json fields = ToJson(state);
  const auto bytes =
      static_cast<int64_t>(fields.dump(-1, ' ', false, Json::error_handler_t::replace).size());
  fields.erase("destinationStats");
  fields["id"] = first_number_ + static_cast<int64_t>(id);
  fields["sourceStats"] = {{"recordCount", static_cast<double>(records)}};
  Sent sent{id, ContentOf(state), StreamOf(state), bytes + kEntryBytes};
  const std::lock_guard lock(mutex_);
  bytes_ += sent.bytes;
  last_id_ = id;
  sent_.push_back(std::move(sent));
  return fields;
}

SentStates::Echo SentStates::Take(const Json& state) {
  const auto message = StateMessageFromJson(state);
  if (!message.ok()) return {{}, /*known=*/false};
  const std::lock_guard lock(mutex_);
  const auto found = Find(state, *message);
  if (found == sent_.end()) return {{}, WasConfirmed(state, ContentOf(*message))};
  const Sent echoed = *found;
  Echo echo;
  const auto covers = [&](const Sent& sent) {
    if (sent.id > echoed.id || (echoed.stream && sent.stream != echoed.stream)) return false;
    echo.confirmed.push_back(sent.id);
    bytes_ -= sent.bytes;
    return true;
  };
  std::erase_if(sent_, covers);
  confirmed_.push_back(echoed.content);
  if (confirmed_.size() > kConfirmedMax) confirmed_.pop_front();
  return echo;
}

std::deque<SentStates::Sent>::const_iterator SentStates::Find(const Json& state,
                                                              const StateMessage& message) const {
  const std::optional<StreamDescriptor> stream = StreamOf(message);
  const Json number = state.value("id", Json());
  if (number.is_number()) {
    const auto by_number = std::find_if(sent_.begin(), sent_.end(), [&](const Sent& sent) {
      return number == Json(first_number_ + static_cast<int64_t>(sent.id)) && sent.stream == stream;
    });
    if (by_number != sent_.end()) return by_number;
  }
  const uint64_t content = ContentOf(message);
  return std::find_if(sent_.begin(), sent_.end(),
                      [&](const Sent& sent) { return sent.content == content; });
}

bool SentStates::WasConfirmed(const Json& state, uint64_t content) const {
  const Json number = state.value("id", Json());
  const bool numbered = number.is_number() && number > Json(first_number_) &&
                        number <= Json(first_number_ + static_cast<int64_t>(last_id_));
  return numbered || std::find(confirmed_.begin(), confirmed_.end(), content) != confirmed_.end();
}

std::vector<CheckpointId> SentStates::ConfirmedByContent() const {
  const std::lock_guard lock(mutex_);
  std::vector<CheckpointId> ids;
  for (const Sent& sent : sent_) {
    const auto found = std::find(confirmed_.begin(), confirmed_.end(), sent.content);
    if (found != confirmed_.end()) ids.push_back(sent.id);
  }
  return ids;
}

size_t SentStates::size() const {
  const std::lock_guard lock(mutex_);
  return sent_.size();
}

}  // namespace millrace
