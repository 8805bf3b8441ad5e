#pragma once

#include "attempt/start_document.h"
#include "attempt/sync_report.h"
#include "pipeline/sync_options.h"
#include "pipeline/sync_summary.h"

namespace millrace {

// Between the words of a start document and a report, and the pipeline's types.

/// Everything but listener and stop tokens.
SyncOptions SyncOptionsOf(const StartDocument& start);

StreamReport ReportOf(const StreamProgress& progress);
SyncReport ReportOf(const SyncSummary& summary);

}  // namespace millrace
