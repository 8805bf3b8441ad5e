#pragma once

#include <memory>

#include "base/clock.h"
#include "declarative/slices/partition_router.h"
#include "declarative/slices/stream_cursor.h"

namespace millrace {

/// Of a stream that is read as a whole every time: its router's partitions, and a state that only
/// says so.
class FullRefreshCursor final : public StreamCursor {
 public:
  FullRefreshCursor(std::unique_ptr<PartitionRouter> router, const Clock& clock)
      : router_(std::move(router)), clock_(clock) {}

  Status Slices(const SliceSink& sink, std::stop_token stop) override {
    return router_->Slices(sink, std::move(stop));
  }
  Result<RequestOptions> OptionsFor(const StreamSlice& slice) const override {
    return router_->OptionsFor(slice);
  }
  Status Observe(const StreamSlice&, const DeclarativeRecord&) override { return Status::Ok(); }
  Result<bool> ShouldBeSynced(const StreamSlice&, const DeclarativeRecord&) const override {
    return true;
  }
  Status CloseSlice(const StreamSlice&) override { return Status::Ok(); }
  bool WantsStateEmitted() override { return false; }
  Result<PyValue> State() const override;
  Status Finish(bool) override { return Status::Ok(); }
  std::string_view cursor_field() const override { return {}; }
  Result<std::vector<StreamSlice>> SplitWindow(
      const StreamSlice&, std::optional<std::chrono::microseconds>) const override {
    return std::vector<StreamSlice>();
  }
  Result<StreamSlice> ReduceSlice(const StreamSlice& slice) const override { return slice; }
  /// Now, when the state says that the stream was read as a whole.
  Result<std::optional<WallTime>> TimeOfState(const PyValue& state) const override;

 private:
  const std::unique_ptr<PartitionRouter> router_;
  const Clock& clock_;
};

}  // namespace millrace
