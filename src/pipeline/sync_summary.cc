#include "pipeline/sync_summary.h"

#include "pipeline/run_sync.h"

namespace millrace {

std::string_view ToString(SyncOutcome outcome) {
  constexpr std::string_view kNames[] = {"succeeded", "partial", "failed", "canceled",
                                         "interrupted"};
  return kNames[static_cast<int>(outcome)];
}

}  // namespace millrace
