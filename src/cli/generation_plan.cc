#include "cli/generation_plan.h"

namespace millrace {

Status AssignGenerations(const AttemptReason& reason, SyncCounters& counters,
                         FileStateStore& states, ConfiguredCatalog* catalog) {
  MR_ASSIGN_OR_RETURN(const SavedState saved, states.Load());
  for (ConfiguredStream& stream : catalog->streams) stream.sync_id = counters.sync_id();
  const ForgottenStates forgotten =
      PlanGenerations(reason, saved.state, &counters.generations(), catalog);
  MR_RETURN_IF_ERROR(states.Forget(forgotten.stale));
  MR_RETURN_IF_ERROR(counters.Save());
  for (const StreamDescriptor& stream : forgotten.voided) {
    MR_RETURN_IF_ERROR(states.Clear(stream));
  }
  return Status::Ok();
}

}  // namespace millrace
