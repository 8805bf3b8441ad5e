#include "external/state_checks.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.h"

namespace millrace {
namespace {

/// The records that a state's sender counted.
std::optional<double> RecordCountOf(const Json& message) {
  const auto stats = message.find("sourceStats");
  if (stats == message.end() || !stats->is_object()) return std::nullopt;
  const auto count = stats->find("recordCount");
  if (count == stats->end() || !count->is_number()) return std::nullopt;
  return count->get<double>();
}

}  // namespace

const char* StateChecks::Take(const StateMessage& state, const Json& message, int64_t came) {
  using Type = StateMessage::Type;
  stream_seen_ |= state.type == Type::kStream;
  global_seen_ |= state.type == Type::kGlobal;
  legacy_seen_ |= state.type == Type::kLegacy;
  // GLOBAL with STREAM is known: streams of a replication log beside others.
  if (legacy_seen_ && (stream_seen_ || global_seen_)) {
    return "a LEGACY state among STREAM or GLOBAL ones: each would undo the other";
  }
  if (state.type == Type::kStream) {
    Compare("stream " + state.streams[0].first.ToString(), came, message);
  } else if (!stream_seen_) {
    Compare("all streams", came, message);
  }
  return nullptr;
}

void StateChecks::Compare(const std::string& what, int64_t came, const Json& message) {
  const auto said = RecordCountOf(message);
  if (!said || *said == static_cast<double>(came) || !warned_.insert(what).second) return;
  Log(LogLevel::kWarn,
      "{}: a state counts {:.0f} records since the one before, but {} came: ask the connector's "
      "authors whether it lost some",
      what, *said, came);
}

}  // namespace millrace
