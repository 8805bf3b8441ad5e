#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/stream_descriptor.h"
#include "protocol/json_field.h"

namespace millrace {

/// AirbyteStateMessage: how far a source has come, either of one stream (STREAM) or of several
/// together with something they share (GLOBAL). A plain value.
struct StateMessage {
  enum class Type { kStream, kGlobal, kLegacy };

  Type type = Type::kStream;
  /// STREAM: exactly one entry. GLOBAL: every stream that the shared state covers.
  std::vector<std::pair<StreamDescriptor, JsonValue>> streams;
  /// GLOBAL only.
  std::optional<JsonValue> shared_state;
  /// LEGACY only.
  std::optional<JsonValue> legacy;
  /// Fields of the message that say nothing about state, such as the number by which a platform
  /// recognises it: they come back with the message, and are no part of the saved state.
  JsonValue others;

  static StateMessage OfStream(StreamDescriptor stream, Json state);
  static StateMessage Global(Json shared_state,
                             std::vector<std::pair<StreamDescriptor, JsonValue>> streams);
};

/// The protocol's `state` object (without the message envelope), and back. A message without a
/// type is LEGACY.
Json ToJson(const StateMessage& message);
Result<StateMessage> StateMessageFromJson(const Json& json);

/// All that a source left behind: the newest state of each stream, and what they share. It starts
/// empty; messages merge into it. A plain value.
class State {
 public:
  /// A message of a stream replaces that stream's state; a global one replaces the shared state
  /// and the states of its streams; a legacy one replaces everything.
  void Merge(const StateMessage& message);
  /// Forgets one stream; the shared state goes too, because it can't be had for the others alone.
  void Clear(const StreamDescriptor& stream);

  bool empty() const { return streams_.empty() && !shared_state_ && !legacy_; }
  /// Null when this stream has none.
  const Json* Find(const StreamDescriptor& stream) const;
  const std::optional<JsonValue>& shared_state() const { return shared_state_; }
  const std::optional<JsonValue>& legacy() const { return legacy_; }
  const std::map<StreamDescriptor, JsonValue>& streams() const { return streams_; }

  /// The messages that rebuild it: one GLOBAL when there is a shared state, and one per stream that
  /// had its state apart from that.
  std::vector<StateMessage> ToMessages() const;

 private:
  std::map<StreamDescriptor, JsonValue> streams_;
  std::set<StreamDescriptor> apart_;  // of these, the ones whose last message was their own
  std::optional<JsonValue> shared_state_;
  std::optional<JsonValue> legacy_;
};

/// Airbyte's state file: an array of state objects (each bare, or inside {"type": "STATE"}).
Json ToJson(const State& state);
/// Accepts the array, one such object, or null / [] / {} for no state. An object that is none of
/// these is LEGACY state, as Airbyte takes it.
Result<State> StateFromJson(const Json& json);

}  // namespace millrace
