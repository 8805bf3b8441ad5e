#include "declarative/slices/partition_cursor.h"

#include <fmt/format.h>

#include <chrono>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/slices/datetime_cursor.h"
#include "declarative/slices/overlay_options.h"
#include "declarative/slices/value_identity.h"

namespace millrace {

/// What was seen of one slice; its partition's position goes with it, so that no record needs a
/// look-up.
struct PartitionCursor::Progress final : DatetimeProgress {
  std::string key;
  std::shared_ptr<DatetimePosition> position;
  std::optional<std::string> most_recent_text;  // as text compares
};

Result<std::unique_ptr<PartitionCursor>> PartitionCursor::Make(
    std::shared_ptr<const DatetimeSettings> settings, std::unique_ptr<PartitionRouter> router,
    WindowOptions options, bool only_global, const PyValue& state) {
  std::unique_ptr<PartitionCursor> cursor(
      new PartitionCursor(std::move(settings), std::move(router), std::move(options), only_global));
  // A start that can't be read is found out before anything is asked for.
  MR_RETURN_IF_ERROR(cursor->settings_->Start().status());
  MR_RETURN_IF_ERROR(cursor->ReadState(state));
  return cursor;
}

Status PartitionCursor::Slices(const SliceSink& sink, std::stop_token stop) {
  {
    const std::lock_guard lock(mutex_);
    if (began_) return PyError("RuntimeError", "a stream's slices are cut only once");
    began_ = settings_->environment->clock->Now();
  }
  // A partition is cut when the next one is there: what the parents know by then is its state.
  struct Pending {
    StreamSlice partition;
    PyValue parent_state;
  };
  std::optional<Pending> pending;
  bool wanted = true;
  Status failed;
  const auto take = [&](StreamSlice partition) -> Status {
    MR_ASSIGN_OR_RETURN(PyValue parent_state, router_->ParentState());
    if (pending) {
      MR_RETURN_IF_ERROR(CutPartition(pending->partition, pending->parent_state, sink, &wanted));
    }
    pending = Pending{std::move(partition), std::move(parent_state)};
    return Status::Ok();
  };
  MR_RETURN_IF_ERROR(router_->Slices(
      [&](StreamSlice partition) {
        failed = take(std::move(partition));
        return failed.ok() && wanted && !stop.stop_requested();
      },
      stop));
  MR_RETURN_IF_ERROR(failed);
  if (stop.stop_requested()) return Status::Canceled();
  if (!wanted || !pending) return Status::Ok();
  return CutPartition(pending->partition, pending->parent_state, sink, &wanted);
}

Status PartitionCursor::CutPartition(const StreamSlice& partition, const PyValue& parent_state,
                                     const SliceSink& sink, bool* wanted) {
  MR_ASSIGN_OR_RETURN(const std::string key, PartitionKey(partition.partition));
  std::shared_ptr<DatetimePosition> position;
  {
    const std::lock_guard lock(mutex_);
    MakeRoom();
    position = positions_.Find(key);
    if (!position) {
      MR_ASSIGN_OR_RETURN(position, MakeFromGlobal());
      ++partitions_;
      MR_RETURN_IF_ERROR(positions_.Set(key, position));
    }
    if (!positions_.Open(key, parent_state)) {
      if (!warned_repeated_) {
        Warn("a partition comes again while it is still read; it is skipped");
      }
      warned_repeated_ = true;
      return Status::Ok();
    }
  }
  const auto hand = [&](PyValue window, bool last) -> Status {
    StreamSlice slice;
    slice.partition = partition.partition;
    slice.cursor_slice = std::move(window);
    slice.extra_fields = partition.extra_fields;
    for (const auto& [field, value] : slice.cursor_slice.dict()) {
      if (slice.partition.dict().Find(field) != nullptr) {
        return PyError("ValueError", "a partition of stream " + settings_->stream +
                                         " has a key that its window has, too: " + PyStr(field));
      }
    }
    auto progress = std::make_shared<Progress>();
    progress->key = key;
    progress->position = position;
    slice.progress = std::move(progress);
    {
      const std::lock_guard lock(mutex_);
      positions_.AddSlice(key, last);
    }
    *wanted = sink(std::move(slice));
    return Status::Ok();
  };
  std::optional<PyValue> pending;
  Status failed;
  MR_RETURN_IF_ERROR(position->Windows([&](PyValue window) {
    if (pending) failed = hand(std::move(*pending), /*last=*/false);
    pending = std::move(window);
    return failed.ok() && *wanted;
  }));
  MR_RETURN_IF_ERROR(failed);
  if (!*wanted || !pending) return Status::Ok();
  return hand(std::move(*pending), /*last=*/true);
}

void PartitionCursor::MakeRoom() {
  if (!only_global_ && partitions_ > kPartitionsWithStateMax) {
    only_global_ = true;
    settings_->environment->messages->Log(
        LogLevel::kInfo,
        fmt::format("stream {} has more than {} partitions: from here on its state "
                    "is one for all of them",
                    settings_->stream, kPartitionsWithStateMax));
  }
  while (positions_.size() > kPartitionsMax - 1) {
    bool was_open = false;
    positions_.DropOldest(&was_open);
    if (was_open) Warn("too many partitions are open at once; the oldest one's state is dropped");
  }
}

Result<RequestOptions> PartitionCursor::OptionsFor(const StreamSlice& slice) const {
  MR_ASSIGN_OR_RETURN(RequestOptions of_partition, router_->OptionsFor(slice));
  StreamSlice window;
  window.cursor_slice = slice.cursor_slice;
  MR_ASSIGN_OR_RETURN(const RequestOptions of_window, options_.For(window));
  return OverlayOptions(std::move(of_partition), of_window);
}

Status PartitionCursor::Observe(const StreamSlice& slice, const DeclarativeRecord& record) {
  auto* progress = static_cast<Progress*>(slice.progress.get());
  if (progress == nullptr) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const CursorValueSeen seen, progress->position->Observe(record, progress));
  if (seen == CursorValueSeen::kUnreadable && !warned_unreadable_.exchange(true)) {
    Warn(
        fmt::format("the value {} of cursor field '{}' can't be read; such records are synced, "
                    "and say nothing about the state",
                    PyRepr(*record.data.Find(settings_->cursor_field)), settings_->cursor_field));
  }
  if (seen != CursorValueSeen::kMoment) return Status::Ok();
  MR_ASSIGN_OR_RETURN(std::string text, settings_->formats.Format(progress->last));
  if (!progress->most_recent_text || *progress->most_recent_text < text) {
    progress->most_recent_text = std::move(text);
  }
  return Status::Ok();
}

Result<bool> PartitionCursor::ShouldBeSynced(const StreamSlice& slice,
                                             const DeclarativeRecord& record) const {
  const auto* progress = static_cast<const Progress*>(slice.progress.get());
  std::shared_ptr<DatetimePosition> position;
  {
    const std::lock_guard lock(mutex_);
    if (!only_global_ && progress != nullptr) {
      position = progress->position;
    } else if (!only_global_) {
      MR_ASSIGN_OR_RETURN(const std::string key, PartitionKey(slice.partition));
      position = positions_.Find(key);
    }
    if (!position) {
      if (!from_global_) {
        MR_ASSIGN_OR_RETURN(from_global_, MakeFromGlobal());
      }
      position = from_global_;
    }
  }
  return position->ShouldBeSynced(record);
}

Status PartitionCursor::CloseSlice(const StreamSlice& slice) {
  const auto* progress = static_cast<const Progress*>(slice.progress.get());
  std::string key;
  if (progress != nullptr) {
    key = progress->key;
  } else {
    MR_ASSIGN_OR_RETURN(key, PartitionKey(slice.partition));
  }
  const std::lock_guard lock(mutex_);
  if (!positions_.CloseSlice(key)) {
    return SystemError("stream {}: a slice was closed that isn't open", settings_->stream);
  }
  if (progress != nullptr && progress->most_recent_text) {
    saw_records_ = true;
    RaiseGlobal(*progress->most_recent_text);
  }
  const bool done = positions_.IsDone(key);
  if (!only_global_) {
    const std::shared_ptr<DatetimePosition> position =
        progress != nullptr ? progress->position : positions_.Find(key);
    if (!position) {
      return SystemError("stream {}: a slice was closed whose partition is unknown",
                         settings_->stream);
    }
    MR_RETURN_IF_ERROR(position->Close(slice, progress));
    if (done) {
      MR_ASSIGN_OR_RETURN(const PyValue state, position->State());
      RaiseGlobal(PyStr(*state.Find(settings_->cursor_field)));
    }
  }
  if (done) positions_.Release(key);
  std::optional<PyValue> parents = positions_.TakeParentState();
  if (parents && !parents->is_none()) parent_state_ = std::move(parents);
  return Status::Ok();
}

void PartitionCursor::RaiseGlobal(const std::string& value) {
  if (!next_global_ || *next_global_ < value) next_global_ = value;
}

bool PartitionCursor::WantsStateEmitted() {
  const WallTime now = settings_->environment->clock->WallNow();
  const std::lock_guard lock(mutex_);
  if (last_emitted_ && now - *last_emitted_ <= kStateInterval) return false;
  last_emitted_ = now;
  // One position for all doesn't move before the end; only its parents may have.
  return !only_global_ || (parent_state_ && PyTruthy(*parent_state_));
}

Status PartitionCursor::Finish(bool all_closed) {
  const std::lock_guard lock(mutex_);
  // Partitions that were never cut or read must not be passed over by the next sync.
  if (!all_closed || positions_.any_slice_open()) return Status::Ok();
  if (saw_records_ && began_) {
    global_ = next_global_;
    const auto took = settings_->environment->clock->Now() - *began_;
    lookback_s_ = std::chrono::ceil<std::chrono::seconds>(took).count();
  }
  MR_ASSIGN_OR_RETURN(const PyValue parents, router_->ParentState());
  parent_state_ = parents.is_none() ? std::nullopt : std::optional<PyValue>(parents);
  return Status::Ok();
}

Result<std::vector<StreamSlice>> PartitionCursor::SplitWindow(
    const StreamSlice& slice, std::optional<std::chrono::microseconds> smallest) const {
  return HalvesOf(*settings_, slice, smallest);
}

Result<StreamSlice> PartitionCursor::ReduceSlice(const StreamSlice& slice) const {
  return FromMostRecent(*settings_, slice, static_cast<const Progress*>(slice.progress.get()));
}

void PartitionCursor::Warn(const std::string& text) const {
  settings_->environment->messages->Log(LogLevel::kWarn,
                                        "stream " + settings_->stream + ": " + text);
}

}  // namespace millrace
