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

  Result<Manifest> Read(int64_t sequence) const;

  /// Stores `manifest` as the one after `sequence`; decided and durable when it returns. A
  /// transient error when another attempt was there first.
  Status Append(const Manifest& manifest);

 private:
  std::string KeyOf(int64_t sequence) const;

  ObjectStore& store_;
  const std::string folder_;
};

}  // namespace millrace
