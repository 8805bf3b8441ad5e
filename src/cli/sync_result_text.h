#pragma once

#include <string>
#include <vector>

#include "attempt/start_document.h"
#include "base/json.h"
#include "cli/sync_session.h"

namespace millrace {

/// A sync's result for people: a line on the whole, a table of its streams, why streams failed.
std::string SyncResultText(const std::string& connection, const ConnectorConfig& destination,
                           const SyncResult& result);

/// The same as one JSON document (docs/CLI.md).
Json SyncResultJson(const std::string& connection, const ConnectorConfig& destination,
                    const std::vector<std::string>& warnings, const SyncResult& result);

/// "the source (source-x): ", to stand before the message of a failure of that end; empty when it
/// is nobody's or another's.
std::string FailedEndText(const SyncResult& result, FailureOrigin origin);

}  // namespace millrace
