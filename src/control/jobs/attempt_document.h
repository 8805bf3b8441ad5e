#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attempt/sync_report.h"
#include "base/json.h"
#include "protocol/json_field.h"

namespace millrace {

/// {"totalStats", "streamStats"} in the config API's words, of what was last heard of each stream.
Json AttemptStats(const std::map<StreamDescriptor, StreamReport>& streams, int64_t states);

/// One of `failures`. `failure_type` empty: the error's own. `now`: microseconds since 1970 UTC.
JsonValue FailureJson(const Error& error, FailureOrigin origin, int64_t now,
                      const std::string& failure_type = {});

/// Adds {"failureSummary": {"partialSuccess", "failures"}}. Rows that were committed make it a
/// partial success.
Json WithFailures(Json document, const std::vector<JsonValue>& failures);

/// How many rows the attempt of that document committed.
int64_t RecordsCommitted(const Json& document);
/// Whether the user has to change something before another attempt is worth it.
bool HasConfigError(const Json& document);

}  // namespace millrace
