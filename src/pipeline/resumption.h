#pragma once

#include <stop_token>

#include "connector/destination.h"
#include "connector/source.h"
#include "protocol/state_store.h"

namespace millrace {

/// Which full refreshes go on in this sync where an earlier attempt ended. Three must agree: who
/// counts generations (ConfiguredStream::goes_on of the given catalog), the source (its table is
/// still the one that was read) and the destination (it has what was committed). Where one does
/// not, the stream starts anew, and its saved state is forgotten before anything is written: a
/// state never outlives the rows that it stands for. Of RunSync, on its thread, before SyncRun.
class Resumption {
 public:
  /// All of it outlives the object; `saved` is what `states` loaded, and is kept true.
  Resumption(Source& source, StateStore& states, SavedState& saved, ConfiguredCatalog catalog);

  /// Asks the source; contacts it only when a stream might go on. Sets goes_on and in_steps.
  Status AskSource(std::stop_token stop);
  /// True: some stream starts anew after all, and the load is to be opened again.
  Result<bool> AskDestination(const Load& load);

  const ConfiguredCatalog& catalog() const { return catalog_; }

 private:
  Status StartAnew(ConfiguredStream& stream);

  Source& source_;
  StateStore& states_;
  SavedState& saved_;
  ConfiguredCatalog catalog_;
};

}  // namespace millrace
