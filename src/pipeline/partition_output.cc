#include "pipeline/partition_output.h"

namespace millrace {

Status PartitionOutput::Open(const StreamDescriptor& stream, const SchemaPtr& schema) {
  MR_RETURN_IF_ERROR(CheckGoing(stream));
  const Status status = lane_.Open(schema);
  return status.ok() ? status : Stop(status);
}

Status PartitionOutput::Emit(const StreamDescriptor& stream, ChangeBatch batch, Deadline deadline) {
  (void)deadline;
  MR_RETURN_IF_ERROR(CheckGoing(stream));
  if (!lane_.is_open()) {
    return Stop(
        SystemError("the source sent rows of {} before it opened the stream", stream.ToString()));
  }
  stream_.CountRead(batch.num_rows(), batch.num_bytes());
  stream_.SetRunning(StreamStatus::kRunning);
  const Status status = lane_.Write(std::move(batch));
  return status.ok() ? status : Stop(status);
}

Status PartitionOutput::Truncate(const StreamDescriptor& stream) {
  return Stop(SystemError("the source truncated {} inside a partition", stream.ToString()));
}

Status PartitionOutput::Checkpoint(StateMessage state) {
  (void)state;
  return Stop(SystemError("the source checkpointed {} inside a partition",
                          stream_.descriptor().ToString()));
}

void PartitionOutput::ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                                   std::optional<Error> error) {
  if (stream == stream_.descriptor() && status == StreamStatus::kIncomplete) {
    stream_.SetIncomplete(error ? Status::Failed(*std::move(error))
                                : SystemError("the source gave up without saying why"));
  }
}

void PartitionOutput::ReportEstimate(const StreamDescriptor& stream, std::optional<int64_t> rows,
                                     std::optional<int64_t> bytes) {
  if (stream == stream_.descriptor()) stream_.SetEstimate(rows, bytes);
}

Status PartitionOutput::CheckGoing(const StreamDescriptor& stream) const {
  if (context_.read_stop.stop_requested()) return Status::Canceled();
  if (stream != stream_.descriptor()) {
    return SystemError("the source wrote {} while it read a partition of {}", stream.ToString(),
                       stream_.descriptor().ToString());
  }
  return stream_.stopped() ? Status::StreamStopped() : Status::Ok();
}

Status PartitionOutput::Stop(const Status& why) {
  stream_.SetIncomplete(why);
  return Status::StreamStopped();
}

}  // namespace millrace
