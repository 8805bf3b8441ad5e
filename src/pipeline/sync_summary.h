#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "pipeline/progress_listener.h"

namespace millrace {

/// How a sync ended.
enum class SyncOutcome {
  kSucceeded,    ///< every stream is complete
  kPartial,      ///< some streams are complete, others are not
  kFailed,       ///< no stream is complete, or something that all of them share failed
  kCanceled,     ///< the stop token was requested: what was not committed is abandoned
  kInterrupted,  ///< finish_early was requested: committed as far as the last checkpoints went
};
/// "succeeded", "partial" …
std::string_view ToString(SyncOutcome outcome);

/// What a sync did. A plain value.
struct SyncSummary {
  SyncOutcome outcome = SyncOutcome::kSucceeded;
  /// In the catalog's order; a stream's status is kComplete or kIncomplete, or empty when the sync
  /// ended before it began.
  std::vector<StreamProgress> streams;
  /// The first thing that went wrong; later ones stand with their streams.
  std::optional<Error> error;
  FailureOrigin error_origin = FailureOrigin::kUnknown;  ///< whose failure that is
  /// Every stream and the shared parts taken together.
  int64_t records_read = 0;
  int64_t bytes_read = 0;
  int64_t records_committed = 0;
  CheckpointId last_saved = 0;
  std::chrono::milliseconds elapsed{0};
};

}  // namespace millrace
