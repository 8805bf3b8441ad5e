#pragma once

#include "connector/source.h"
#include "pipeline/lane.h"

namespace millrace {

/// What ReadPartition writes into: one stream, one lane, the caller's thread. Never full, so no
/// deadline ever passes: the writer's own time is all that Emit takes.
class PartitionOutput : public SourceOutput {
 public:
  PartitionOutput(SyncContext& context, SyncedStream& stream, Lane& lane)
      : context_(context), stream_(stream), lane_(lane) {}

  Status Open(const StreamDescriptor& stream, const SchemaPtr& schema) override;
  Status Emit(const StreamDescriptor& stream, ChangeBatch batch, Deadline deadline) override;
  /// System errors: a partition has neither.
  Status Truncate(const StreamDescriptor& stream) override;
  Status Checkpoint(StateMessage state) override;
  /// The pipeline knows when a split stream starts and ends; only an error is taken.
  void ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                    std::optional<Error> error) override;
  void ReportEstimate(const StreamDescriptor& stream, std::optional<int64_t> rows,
                      std::optional<int64_t> bytes) override;

 private:
  /// Ok, or why nothing more is taken.
  Status CheckGoing(const StreamDescriptor& stream) const;
  Status Stop(const Status& why);

  SyncContext& context_;
  SyncedStream& stream_;
  Lane& lane_;
};

}  // namespace millrace
