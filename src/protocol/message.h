#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "protocol/catalog.h"
#include "protocol/state.h"

namespace millrace {

/// The protocol's stream statuses.
enum class StreamStatus { kStarted, kRunning, kComplete, kIncomplete };
std::string_view ToString(StreamStatus status);
Result<StreamStatus> StreamStatusFromString(std::string_view text);

// The Airbyte Protocol's messages (docs: protocol 0.18), each the whole envelope {"type": …}. What
// they hold is given as it is: strike secrets out before.
Json LogMessage(LogLevel level, std::string_view message);
Json SpecMessage(const Json& spec);
Json ConnectionStatusMessage(bool succeeded, std::string_view message);
Json CatalogMessage(const Catalog& catalog);
Json ErrorTraceMessage(const Error& error, WallTime emitted_at);
Json StreamStatusMessage(const StreamDescriptor& stream, StreamStatus status, WallTime emitted_at);
/// A stream's size as its source guesses it. Either number may be absent.
Json EstimateMessage(const StreamDescriptor& stream, std::optional<int64_t> rows,
                     std::optional<int64_t> bytes, WallTime emitted_at);
/// `record_count`: the records since this stream's previous state.
Json StateMessageEnvelope(const StateMessage& state, std::optional<int64_t> record_count);

}  // namespace millrace
