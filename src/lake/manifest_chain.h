#pragma once

#include <cstdint>
#include <string>

#include "clients/object_store/object_store.h"
#include "lake/manifest.h"

namespace millrace {

/// A table's manifests in the store: numbered objects, the newest counts, none is ever replaced.
/// Of two writers that append at a time, one wins where the store has conditions. Keeps a bounded
/// number of them. One thread.
class ManifestChain {
 public:
  ManifestChain(ObjectStore& store, std::string folder)
      : store_(store), folder_(std::move(folder)) {}

  /// The number of the manifest stored under `key`; 0 when the key is none of this chain's.
  int64_t SequenceOf(std::string_view key) const;

  /// The table's manifest, `sequence` being the newest in the store. One that a crash of the
  /// machine left torn was an AppendSettled: the one before it counts.
  Result<Manifest> ReadNewest(int64_t sequence) const;

  /// Stores `manifest` as the one after `sequence`; decided and durable when it returns. A
  /// transient error when another attempt was there first.
  Status Append(const Manifest& manifest);
  /// The same for a manifest that only says that the one before was carried out: it may be lost in
  /// a crash, then that is done again.
  Status AppendSettled(const Manifest& manifest);

 private:
  std::string KeyOf(int64_t sequence) const;
  Result<std::string> ReadText(int64_t sequence) const;
  Status AfterPut(const Manifest& manifest, const Result<PutOutcome>& outcome);

  ObjectStore& store_;
  const std::string folder_;
};

}  // namespace millrace
