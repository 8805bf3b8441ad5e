#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "declarative/slices/datetime_settings.h"
#include "declarative/slices/partition_positions.h"
#include "declarative/slices/partition_router.h"
#include "declarative/slices/stream_cursor.h"
#include "declarative/slices/window_options.h"

namespace millrace {

/// A DatetimeBasedCursor over partitions: a position for each, and one of all for partitions that
/// are new, which moves only when everything was read. Beyond kPartitionsWithStateMax partitions,
/// or by the manifest's choice, only that one is kept.
class PartitionCursor final : public StreamCursor {
 public:
  static constexpr size_t kPartitionsMax = 25'000;
  static constexpr int64_t kPartitionsWithStateMax = 10'000;
  static constexpr std::chrono::seconds kStateInterval{600};

  /// `state` is the stream's, a dict, maybe empty; see docs of STATE messages for its shapes.
  static Result<std::unique_ptr<PartitionCursor>> Make(
      std::shared_ptr<const DatetimeSettings> settings, std::unique_ptr<PartitionRouter> router,
      WindowOptions options, bool only_global, const PyValue& state);

  Status Slices(const SliceSink& sink, std::stop_token stop) override;
  Result<RequestOptions> OptionsFor(const StreamSlice& slice) const override;
  Status Observe(const StreamSlice& slice, const DeclarativeRecord& record) override;
  Result<bool> ShouldBeSynced(const StreamSlice& slice,
                              const DeclarativeRecord& record) const override;
  Status CloseSlice(const StreamSlice& slice) override;
  bool WantsStateEmitted() override;
  Result<PyValue> State() const override;
  Status Finish(bool all_closed) override;
  std::string_view cursor_field() const override { return settings_->cursor_field; }
  bool cursor_is_chosen_by_user() const override { return settings_->cursor_is_chosen_by_user; }
  Result<std::vector<StreamSlice>> SplitWindow(
      const StreamSlice& slice, std::optional<std::chrono::microseconds> smallest) const override;
  Result<StreamSlice> ReduceSlice(const StreamSlice& slice) const override;
  Result<std::optional<WallTime>> TimeOfState(const PyValue& state) const override;

 private:
  struct Progress;

  PartitionCursor(std::shared_ptr<const DatetimeSettings> settings,
                  std::unique_ptr<PartitionRouter> router, WindowOptions options, bool only_global)
      : settings_(std::move(settings)),
        router_(std::move(router)),
        options_(std::move(options)),
        only_global_(only_global) {}

  Status ReadState(const PyValue& state);
  Status ReadGlobal(const PyValue& state);
  /// Where a partition starts that has no position of its own.
  Result<std::unique_ptr<DatetimePosition>> MakeFromGlobal() const;
  /// The windows of one partition; *wanted: whether more slices are.
  Status CutPartition(const StreamSlice& partition, const PyValue& parent_state,
                      const SliceSink& sink, bool* wanted);
  /// Keeps the number of partitions below its limits; under the lock.
  void MakeRoom();
  void RaiseGlobal(const std::string& value);
  void Warn(const std::string& text) const;

  const std::shared_ptr<const DatetimeSettings> settings_;
  const std::unique_ptr<PartitionRouter> router_;
  const WindowOptions options_;
  std::atomic<bool> warned_unreadable_ = false;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  bool only_global_;
  PartitionPositions positions_;
  int64_t partitions_ = 0;  // ever known
  std::optional<std::string> global_, next_global_;
  int64_t lookback_s_ = 0;
  std::optional<PyValue> parent_state_;
  bool saw_records_ = false, warned_repeated_ = false;
  std::optional<SteadyTime> began_;
  std::optional<WallTime> last_emitted_;
  mutable std::shared_ptr<DatetimePosition> from_global_;  // made when first asked for
};

}  // namespace millrace
