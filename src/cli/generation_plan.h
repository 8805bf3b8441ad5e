#pragma once

#include <functional>
#include <string>

#include "attempt/file_state_store.h"
#include "base/result.h"
#include "cli/sync_counters.h"
#include "protocol/catalog.h"

namespace millrace {

/// What an attempt is begun for. A plain value.
struct AttemptReason {
  std::function<bool(const StreamDescriptor&)> refreshed;  ///< its table is to be built anew
  std::function<void(const std::string&)> warn;            ///< takes a line for the user
  bool retried = false;  ///< an attempt of the same sync came before it
  /// What the connection's options say about rows (metadata columns …), in any words: hidden rows
  /// of a full refresh that other options made are of no use to it.
  std::string row_options;
};

/// Gives each stream of an attempt's catalog its generation, and says which full refreshes go on
/// where an earlier attempt ended. Counters are saved, and the states that none of these streams
/// may see any more are forgotten, when it returns; in an order in which a crash never leaves a
/// state without the rows that it stands for. Under the lock of the connection's folder.
Status AssignGenerations(const AttemptReason& reason, SyncCounters& counters,
                         FileStateStore& states, ConfiguredCatalog* catalog);

}  // namespace millrace
