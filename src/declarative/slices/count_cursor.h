#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/slices/cursor_interval.h"
#include "declarative/slices/stream_cursor.h"
#include "declarative/slices/window_options.h"

namespace millrace {

/// An IncrementingCountCursor: one slice from the count that was reached on, without an end. Counts
/// are whatever compares: numbers, or text throughout.
class CountCursor final : public StreamCursor {
 public:
  /// `state` is a dict, maybe empty.
  static Result<std::unique_ptr<CountCursor>> Make(const Component& cursor,
                                                   const std::string& stream,
                                                   const std::string& configured_cursor,
                                                   const PyValue& state,
                                                   const EngineEnvironment& environment);

  Status Slices(const SliceSink& sink, std::stop_token stop) override;
  Result<RequestOptions> OptionsFor(const StreamSlice& slice) const override;
  Status Observe(const StreamSlice& slice, const DeclarativeRecord& record) override;
  Result<bool> ShouldBeSynced(const StreamSlice& slice,
                              const DeclarativeRecord& record) const override;
  Status CloseSlice(const StreamSlice& slice) override;
  bool WantsStateEmitted() override;
  Result<PyValue> State() const override;
  Status Finish(bool) override { return Status::Ok(); }
  std::string_view cursor_field() const override { return cursor_field_; }
  bool cursor_is_chosen_by_user() const override { return chosen_by_user_; }
  Result<std::vector<StreamSlice>> SplitWindow(
      const StreamSlice&, std::optional<std::chrono::microseconds>) const override {
    return std::vector<StreamSlice>();
  }
  Result<StreamSlice> ReduceSlice(const StreamSlice& slice) const override;
  /// A count is no moment.
  Result<std::optional<WallTime>> TimeOfState(const PyValue&) const override {
    return std::optional<WallTime>();
  }

 private:
  CountCursor(std::string stream, const EngineEnvironment& environment)
      : stream_(std::move(stream)), environment_(environment) {}
  Status ReadState(const PyValue& state);

  const std::string stream_;
  const EngineEnvironment& environment_;
  std::string cursor_field_;
  bool chosen_by_user_ = false;
  WindowOptions options_;
  PyValue start_;         // the stream's
  PyValue resumed_from_;  // the state's, or else the stream's start
  std::atomic<bool> warned_ = false;

  mutable std::mutex mutex_;
  std::vector<CursorInterval<PyValue>> done_;  // guarded by mutex_
  bool closed_one_ = false, grown_ = false;    // guarded by mutex_
  PyDict legacy_;
};

}  // namespace millrace
