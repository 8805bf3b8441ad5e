#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "clients/object_store/object_store.h"
#include "lake/manifest.h"

namespace millrace {

/// Where a chain ends, by the names in the store.
struct ChainEnd {
  int64_t sequence = 0;  ///< 0: there is no manifest
  /// A note says that what the newest manifest decided is done.
  bool carried_out = false;
};

/// A table's manifests in the store: numbered objects, the newest counts, none is ever replaced.
/// Beside a manifest that was carried out lies a note that says so. Of two writers that append at a
/// time, one wins where the store has conditions. Keeps a bounded number of them. One thread.
class ManifestChain {
 public:
  ManifestChain(ObjectStore& store, std::string folder)
      : store_(store), folder_(std::move(folder)) {}

  /// Where the chain ends, of whose folder `keys` are all.
  ChainEnd FindEnd(const std::vector<std::string>& keys) const;

  /// The table's manifest, settled when it was carried out. A damaged one is a config error: the
  /// one before does not know this one's files, so going by it would lose or double rows.
  Result<Manifest> ReadNewest(const ChainEnd& end) const;

  /// Stores `manifest` as the one after `sequence`; decided and durable when it returns. A
  /// transient error when another attempt was there first, however far it has come since.
  Status Append(const Manifest& manifest);
  /// Notes that the manifest `sequence` was carried out. A crash may lose the note: then that is
  /// done again.
  Status NoteCarriedOut(int64_t sequence);

 private:
  std::string KeyOf(int64_t sequence) const;
  std::string NoteKeyOf(int64_t sequence) const;
  Result<std::string> ReadText(int64_t sequence) const;
  /// An error when there are manifests after `sequence`.
  Status CheckIsEnd(int64_t sequence) const;

  ObjectStore& store_;
  const std::string folder_;
  SteadyTime end_known_at_{};  // when this object last knew that what it appended was the end
};

}  // namespace millrace
