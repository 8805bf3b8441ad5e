#pragma once

#include "attempt/start_document.h"
#include "cli/attempt/attempt_stop.h"

namespace millrace {

/// `millrace connector NAME check|discover|read|write`: the Airbyte Protocol on standard in- and
/// output, for whoever runs connectors that way. Returns Airbyte's exit code: 0 for a check that
/// ran, whatever it found; 1 after a TRACE of what went wrong.
int RunProtocolTask(const StartDocument& start, AttemptStop& stop);

}  // namespace millrace
