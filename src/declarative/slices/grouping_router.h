#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "declarative/manifest/component.h"
#include "declarative/slices/partition_router.h"
#include "declarative/slices/stream_slicing.h"

namespace millrace {

/// GroupingPartitionRouter: partitions of another router by the number, their values in lists.
class GroupingRouter final : public PartitionRouter {
 public:
  static Result<std::unique_ptr<GroupingRouter>> Make(const Component& component,
                                                      const StreamSlicing& slicing);

  GroupingRouter(std::unique_ptr<PartitionRouter> router, size_t group_size, bool deduplicate)
      : router_(std::move(router)), group_size_(group_size), deduplicate_(deduplicate) {}

  Status Slices(const SliceSink& sink, std::stop_token stop) override;
  Result<RequestOptions> OptionsFor(const StreamSlice&) const override { return RequestOptions(); }
  Result<PyValue> ParentState() const override { return state_; }

 private:
  /// Whether it belongs to a group: not when its value was there before.
  Result<bool> IsNew(const StreamSlice& slice, std::unordered_set<std::string>* seen) const;

  const std::unique_ptr<PartitionRouter> router_;
  const size_t group_size_;
  const bool deduplicate_;
  PyValue state_ = PyValue(PyDict());  // as of the group handed over last
};

}  // namespace millrace
