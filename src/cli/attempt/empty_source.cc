#include "cli/attempt/empty_source.h"

#include "connector/json_schema.h"

namespace millrace {

Result<Catalog> EmptySource::Discover() {
  return SystemError("what is cleared is known from the configured catalog only");
}

Status EmptySource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                         SourceOutput& output, std::stop_token stop) {
  (void)resume_from;
  for (const ConfiguredStream& stream : catalog.streams) {
    if (stop.stop_requested()) return Status::Canceled();
    output.ReportStatus(stream.descriptor(), StreamStatus::kStarted);
    const Status opened =
        output.Open(stream.descriptor(), ArrowSchemaOf(*stream.stream.json_schema));
    // Its writing failed, which the pipeline has noted.
    if (opened.code() == StatusCode::kStreamStopped) continue;
    MR_RETURN_IF_ERROR(opened);
    output.ReportStatus(stream.descriptor(), StreamStatus::kComplete);
  }
  return Status::Ok();
}

}  // namespace millrace
