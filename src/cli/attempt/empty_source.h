#pragma once

#include "connector/source.h"

namespace millrace {

/// A source whose streams are all complete and have no row: what empties a destination's tables
/// when a connection, or some of its streams, is cleared.
class EmptySource : public Source {
 public:
  Status Check() override { return Status::Ok(); }
  /// A system error: the streams are the configured ones.
  Result<Catalog> Discover() override;
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;
};

}  // namespace millrace
