#include "connector/read_in_turn.h"

namespace millrace {

Status ReadReported(const StreamDescriptor& stream, SourceOutput& output,
                    const std::function<Status()>& read) {
  output.ReportStatus(stream, StreamStatus::kStarted);
  const Status status = read();
  if (status.ok()) {
    output.ReportStatus(stream, StreamStatus::kComplete);
  } else if (status.failed()) {
    output.ReportStatus(stream, StreamStatus::kIncomplete, status.error());
  } else if (!status.canceled()) {
    output.ReportStatus(stream, StreamStatus::kIncomplete);
  }
  return status;
}

Status ReadInTurn(const ConfiguredCatalog& catalog, SourceOutput& output,
                  const std::function<Status(const ConfiguredStream&)>& read) {
  for (const ConfiguredStream& stream : catalog.streams) {
    const Status status = ReadReported(stream.descriptor(), output, [&] { return read(stream); });
    if (status.canceled()) return status;
  }
  return Status::Ok();
}

}  // namespace millrace
