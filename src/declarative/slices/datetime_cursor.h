#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "declarative/slices/datetime_position.h"
#include "declarative/slices/datetime_settings.h"
#include "declarative/slices/stream_cursor.h"
#include "declarative/slices/window_options.h"

namespace millrace {

/// A DatetimeBasedCursor of a stream without partitions: cuts it into windows of time and tells how
/// far they were read without a gap.
class DatetimeCursor final : public StreamCursor {
 public:
  DatetimeCursor(std::shared_ptr<const DatetimeSettings> settings,
                 std::unique_ptr<DatetimePosition> position, WindowOptions options)
      : settings_(std::move(settings)),
        position_(std::move(position)),
        options_(std::move(options)) {}

  Status Slices(const SliceSink& sink, std::stop_token stop) override;
  Result<RequestOptions> OptionsFor(const StreamSlice& slice) const override;
  Status Observe(const StreamSlice& slice, const DeclarativeRecord& record) override;
  Result<bool> ShouldBeSynced(const StreamSlice& slice,
                              const DeclarativeRecord& record) const override;
  Status CloseSlice(const StreamSlice& slice) override;
  bool WantsStateEmitted() override { return true; }
  Result<PyValue> State() const override { return position_->State(); }
  Status Finish(bool) override { return Status::Ok(); }
  std::string_view cursor_field() const override { return settings_->cursor_field; }
  bool cursor_is_chosen_by_user() const override { return settings_->cursor_is_chosen_by_user; }
  Result<std::vector<StreamSlice>> SplitWindow(
      const StreamSlice& slice, std::optional<std::chrono::microseconds> smallest) const override {
    return HalvesOf(*settings_, slice, smallest);
  }
  Result<StreamSlice> ReduceSlice(const StreamSlice& slice) const override;
  Result<std::optional<WallTime>> TimeOfState(const PyValue& state) const override;

 private:
  const std::shared_ptr<const DatetimeSettings> settings_;
  const std::unique_ptr<DatetimePosition> position_;
  const WindowOptions options_;
  std::atomic<bool> warned_ = false;
};

/// The slice from the most recent moment that `progress` holds on, or as it is.
Result<StreamSlice> FromMostRecent(const DatetimeSettings& settings, const StreamSlice& slice,
                                   const DatetimeProgress* progress);
/// The moment of a state of one partition: its value, or that of its first interval.
Result<std::optional<WallTime>> TimeOfPosition(const DatetimeSettings& settings,
                                               const PyValue& state);

}  // namespace millrace
