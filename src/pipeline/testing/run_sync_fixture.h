#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "pipeline/run_sync.h"
#include "pipeline/testing/scripted_ends.h"

namespace millrace {

inline const StreamDescriptor kA{"a", {}};
inline const StreamDescriptor kB{"b", {}};

inline std::vector<int64_t> Range(int64_t first, int64_t end) {
  std::vector<int64_t> ids;
  for (; first < end; ++first) ids.push_back(first);
  return ids;
}

/// One world for a test: journal, destination, state; syncs run in it one after another.
class RunSyncTest : public testing::Test {
 protected:
  RunSyncTest() {
    options_.metadata = MetadataMode::kNone;
    options_.commit_interval = std::chrono::milliseconds(0);
    catalog_.streams = {TestStream("a"), TestStream("b")};
  }

  SyncSummary Run(Source& source) {
    auto summary = RunSync(source, destination_, states_, catalog_, options_, stop_.get_token());
    EXPECT_TRUE(summary.ok()) << summary.status().ToString();
    return summary.ok() ? *summary : SyncSummary();
  }
  SyncSummary Run(ScriptSource::ReadFunction read) {
    ScriptSource source(journal_, std::move(read));
    return Run(source);
  }

  Journal journal_;
  RecordingDestination destination_{journal_};
  MemoryStateStore states_{journal_};
  ConfiguredCatalog catalog_;
  SyncOptions options_;
  std::stop_source stop_;
};

/// Emits rows first … of one stream and then its state.
inline Status EmitWithState(SourceOutput& output, const StreamDescriptor& stream, int64_t first,
                            int64_t count) {
  MR_RETURN_IF_ERROR(output.Emit(stream, Ids(first, count), Deadline::Never()));
  return output.Checkpoint(StateMessage::OfStream(stream, {{"at", first + count}}));
}

inline Status ReadBoth(SourceOutput& output, int64_t chunks) {
  for (const auto& stream : {kA, kB}) {
    output.ReportStatus(stream, StreamStatus::kStarted);
    MR_RETURN_IF_ERROR(output.Open(stream, IdSchema()));
  }
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    for (const auto& stream : {kA, kB}) {
      const Status status = EmitWithState(output, stream, chunk * 10, 10);
      if (!status.ok() && status.code() != StatusCode::kStreamStopped) return status;
    }
  }
  for (const auto& stream : {kA, kB}) output.ReportStatus(stream, StreamStatus::kComplete);
  return Status::Ok();
}

}  // namespace millrace
