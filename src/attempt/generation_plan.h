#pragma once

#include <functional>
#include <string>
#include <vector>

#include "attempt/stream_generations.h"
#include "protocol/catalog.h"
#include "protocol/state.h"

namespace millrace {

/// What an attempt is begun for. A plain value.
struct AttemptReason {
  std::function<RefreshMode(const StreamDescriptor&)> refresh;
  std::function<void(const std::string&)> warn;  ///< takes a line for the user
  bool retried = false;                          ///< an attempt of the same sync came before it
  /// What the connection's options say about rows (metadata columns …), in any words: hidden rows
  /// of a full refresh that other options made are of no use to it.
  std::string row_options;
};

/// What an attempt may not see of what was saved.
struct ForgottenStates {
  /// Of full refreshes that begin again, in the same epoch. Forget them before the generations are
  /// saved: a state of an old generation would pass for the new one's.
  std::vector<StreamDescriptor> stale;
  /// Of tables that are built anew, in a new epoch. Forget them after the generations are saved: a
  /// crash in between leaves a replacement marked, so that it is begun again.
  std::vector<StreamDescriptor> voided;
};

/// Gives each stream of an attempt's catalog its generation, and says which full refreshes go on
/// where an earlier attempt ended and which states are to be forgotten. Pure.
ForgottenStates PlanGenerations(const AttemptReason& reason, const State& saved,
                                StreamGenerations* generations, ConfiguredCatalog* catalog);

}  // namespace millrace
