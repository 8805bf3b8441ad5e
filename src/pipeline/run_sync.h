#pragma once

#include <stop_token>

#include "base/failure_origin.h"
#include "connector/destination.h"
#include "connector/source.h"
#include "pipeline/sync_options.h"
#include "pipeline/sync_summary.h"
#include "protocol/state_store.h"

namespace millrace {

/// Copies every stream of the catalog from the source to the destination, and saves states: one
/// attempt, the pipeline's whole face. Blocks until all is done; uses threads of its own for the
/// source, for partition readers and for writers, and the caller's for commits, states and the
/// listener. All of them have ended when it returns.
///
/// The order that never changes: data durable → state saved → source acknowledged. A crash between
/// two steps repeats records, never loses them; the next attempt's OpenLoad withdraws what it
/// would repeat.
///
/// `stop`: abandons what is not committed, within SyncOptions::cancel_limit.
///
/// Returns a failure only when nothing was begun: the state can't be loaded, the destination can't
/// be opened, an option makes no sense; `failed`, when given, then says whose failure it is.
/// Everything later stands in the summary.
Result<SyncSummary> RunSync(Source& source, Destination& destination, StateStore& states,
                            const ConfiguredCatalog& catalog, const SyncOptions& options,
                            std::stop_token stop, FailureOrigin* failed = nullptr);

}  // namespace millrace
