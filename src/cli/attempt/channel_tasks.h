#pragma once

#include "attempt/attempt_channel.h"
#include "attempt/commit_lease.h"
#include "attempt/start_document.h"
#include "cli/attempt/attempt_stop.h"

namespace millrace {

// What millrace-attempt does for the process that started it. Each ends with one RESULT or FAILURE
// on the channel, and returns the exit code.

/// RESULT is the ConnectorSpecification of the one end that the document holds.
int RunSpecTask(const StartDocument& start, AttemptChannel& channel);

/// Tries the one end that the document holds.
int RunCheckTask(const StartDocument& start, AttemptChannel& channel);

/// RESULT is the catalog.
int RunDiscoverTask(const StartDocument& start, AttemptChannel& channel);

/// Compares the destination with the source; RESULT is {"streams": [StreamVerdict's JSON]}.
int RunVerifyTask(const StartDocument& start, AttemptChannel& channel, AttemptStop& stop);

/// Copies, or (the task "clear") empties the tables of the catalog's streams; RESULT is a
/// SyncReport. With a lease no commit begins without it.
int RunSyncTask(const StartDocument& start, AttemptChannel& channel, AttemptStop& stop,
                CommitLease* lease);

}  // namespace millrace
