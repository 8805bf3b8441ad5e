#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "connector/source.h"
#include "sources/faker/faker_config.h"
#include "sources/faker/faker_stream.h"

namespace millrace {

/// Makes up users, products and purchases: the sample data that needs no server. A full refresh of
/// users or purchases is split into ranges; everything else is read in order, with a checkpoint
/// every records_per_slice units of an incremental read.
///
/// State of a stream: {"seed", "updated_at", "loop_offset", "count"}, Airbyte's and the count that
/// was being read: where loop_offset is below it, the read was interrupted and goes on there.
class FakerSource : public PartitionedSource {
 public:
  /// `clock` gives updated_at and outlives the source.
  FakerSource(const FakerConfig& config, const Clock& clock);

  Status Check() override;
  Result<Catalog> Discover() override;
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;

  Result<std::vector<Partition>> Split(const ConfiguredStream& stream,
                                       const State& resume_from) override;
  Status ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                       SourceOutput& output, std::stop_token stop) override;
  Result<StateMessage> StateAfter(const ConfiguredStream& stream,
                                  const std::vector<std::string>& done) override;

 private:
  struct Range;

  FakerRowRule NewRule() const;
  Json StateAt(const FakerStream& stream, const FakerRowRule& rule, int64_t offset) const;
  Result<Range> WhatIsLeft(const FakerStream& stream, const Json* state) const;
  Status ReadStream(const ConfiguredStream& configured, const State& resume_from,
                    SourceOutput& output, std::stop_token stop) const;
  Status EmitRange(const FakerStream& stream, const Range& range, SourceOutput& output,
                   std::stop_token stop, bool checkpoints) const;

  const FakerConfig config_;
  const Clock& clock_;
  const uint64_t seed_;  // the configured one, or one drawn when this source was made
};

/// The entry of cli/builtin_connectors.cc.
Result<std::unique_ptr<Source>> MakeFakerSource(const Json& config);

}  // namespace millrace
