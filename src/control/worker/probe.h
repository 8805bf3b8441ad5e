#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "attempt/start_document.h"
#include "base/status.h"
#include "protocol/json_field.h"

namespace millrace {

/// How a probe ended.
struct ProbeOutcome {
  Status status;                 ///< why not, as the connector says it
  JsonValue result;              ///< of a discovery: the catalog
  std::vector<std::string> log;  ///< lines, the last 1,000
};

/// Runs a check or a discovery in a process of its own and waits for it; the process is killed
/// when `limit` passes, which is a transient error, or when `stop` is requested (kCanceled, within
/// a second). From any thread.
ProbeOutcome RunProbe(const StartDocument& start, std::chrono::seconds limit,
                      std::stop_token stop = {});

}  // namespace millrace
