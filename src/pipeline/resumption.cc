#include "pipeline/resumption.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "connector/resumable_source.h"

namespace millrace {

Resumption::Resumption(Source& source, StateStore& states, SavedState& saved,
                       ConfiguredCatalog catalog)
    : source_(source), states_(states), saved_(saved), catalog_(std::move(catalog)) {}

Status Resumption::AskSource(std::stop_token stop) {
  auto* const resumable = dynamic_cast<ResumableSource*>(&source_);
  for (ConfiguredStream& stream : catalog_.streams) {
    const bool full = stream.sync_mode == SyncMode::kFullRefresh;
    // Upserts into a table that stays can be repeated, and need no hiding.
    stream.in_steps = full && resumable != nullptr && stream.stream.is_resumable &&
                      stream.destination_sync_mode != DestinationSyncMode::kAppendDedup;
    const bool wanted = std::exchange(stream.goes_on, false) && stream.in_steps &&
                        !saved_.state.shared_state() &&
                        saved_.state.Find(stream.descriptor()) != nullptr;
    if (!wanted) continue;
    MR_ASSIGN_OR_RETURN(stream.goes_on, resumable->CanGoOn(stream, saved_.state, stop));
    if (!stream.goes_on) MR_RETURN_IF_ERROR(StartAnew(stream));
  }
  return Status::Ok();
}

Result<bool> Resumption::AskDestination(const Load& load) {
  bool changed = false;
  for (ConfiguredStream& stream : catalog_.streams) {
    if (!stream.goes_on || load.HasCommitsOf(stream.descriptor())) continue;
    Log(LogLevel::kWarn,
        "{}: the destination does not have what the interrupted full refresh committed: it is read "
        "from its start",
        stream.descriptor().ToString());
    MR_RETURN_IF_ERROR(StartAnew(stream));
    changed = true;
  }
  return changed;
}

Status Resumption::StartAnew(ConfiguredStream& stream) {
  stream.goes_on = false;
  const StateMessage none = StateMessage::OfStream(stream.descriptor(), Json::object());
  MR_RETURN_IF_ERROR(states_.Save(none, saved_.checkpoint, {}));
  saved_.state.Merge(none);
  return Status::Ok();
}

}  // namespace millrace
