#pragma once

#include "attempt/file_state_store.h"
#include "attempt/generation_plan.h"
#include "base/result.h"
#include "cli/sync_counters.h"
#include "protocol/catalog.h"

namespace millrace {

/// PlanGenerations over the files of a connection's folder: counters are saved, and the states that
/// none of these streams may see any more are forgotten, when it returns; in an order in which a
/// crash never leaves a state without the rows that it stands for. Under the lock of the folder.
Status AssignGenerations(const AttemptReason& reason, SyncCounters& counters,
                         FileStateStore& states, ConfiguredCatalog* catalog);

}  // namespace millrace
