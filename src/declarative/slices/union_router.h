#pragma once

#include <memory>
#include <string>
#include <vector>

#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/slices/partition_router.h"
#include "declarative/slices/stream_slicing.h"

namespace millrace {

/// UnionPartitionRouter: the partitions of several routers one after the other, each value of the
/// one field they share only once. Their other keys become extra fields.
class UnionRouter final : public PartitionRouter {
 public:
  static Result<std::unique_ptr<UnionRouter>> Make(const Component& component,
                                                   const StreamSlicing& slicing);

  Status Slices(const SliceSink& sink, std::stop_token stop) override;
  Result<RequestOptions> OptionsFor(const StreamSlice&) const override { return RequestOptions(); }
  /// Of two parents with the same name the later one's state counts.
  Result<PyValue> ParentState() const override;

  const std::string& field() const { return field_; }

 private:
  UnionRouter() = default;

  std::vector<std::unique_ptr<PartitionRouter>> routers_;
  std::string field_;
};

}  // namespace millrace
