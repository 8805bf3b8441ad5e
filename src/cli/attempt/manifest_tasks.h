#pragma once

#include "attempt/start_document.h"
#include "cli/attempt/attempt_stop.h"
#include "cli/attempt/protocol_output.h"

namespace millrace {

/// `millrace connector source-declarative-manifest spec|check|discover|read`: a low-code manifest
/// by the Airbyte Protocol. Returns Airbyte's exit code: 0 for a check that ran, whatever it found;
/// 1 after a TRACE of what went wrong.
int RunManifestTask(const StartDocument& start, ProtocolOutput& output, AttemptStop& stop);

}  // namespace millrace
