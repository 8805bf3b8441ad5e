#pragma once

#include "attempt/attempt_channel.h"
#include "attempt/start_document.h"
#include "connector/source.h"

namespace millrace {

/// Fills in the catalog and the saved state of a start document whose sender left them to the
/// attempt: discovers, and lets the parent configure what was found. Blocks for both.
Status AskForCatalog(Source& source, AttemptChannel& channel, StartDocument* start);

}  // namespace millrace
