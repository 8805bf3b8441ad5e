#pragma once

#include <memory>
#include <vector>

#include "declarative/slices/partition_router.h"

namespace millrace {

/// A list of routers: each partition of the first with each of the second, and so on; the last one
/// changes fastest. Where two have the same key or option, the first one's counts. It has no parent
/// state. The routers' own partitions are held in memory.
class ProductRouter final : public PartitionRouter {
 public:
  explicit ProductRouter(std::vector<std::unique_ptr<PartitionRouter>> routers)
      : routers_(std::move(routers)) {}

  Status Slices(const SliceSink& sink, std::stop_token stop) override;
  Result<RequestOptions> OptionsFor(const StreamSlice& slice) const override;

  /// Whether one of the routers, or of those inside, reads parents.
  bool has_parents() const;

 private:
  const std::vector<std::unique_ptr<PartitionRouter>> routers_;
};

}  // namespace millrace
