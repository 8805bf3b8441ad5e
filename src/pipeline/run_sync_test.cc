#include "pipeline/run_sync.h"

#include <gtest/gtest.h>

#include "pipeline/testing/run_sync_fixture.h"

namespace millrace {
namespace {

TEST_F(RunSyncTest, CopiesEveryStreamAndSavesItsStates) {
  const auto summary = Run([](const auto&, const State&, SourceOutput& output, std::stop_token) {
    return ReadBoth(output, 3);
  });
  EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
  EXPECT_EQ(summary.records_read, 60);
  EXPECT_EQ(summary.records_committed, 60);
  EXPECT_EQ(summary.streams[0].status, StreamStatus::kComplete);
  EXPECT_EQ(destination_.Ids(kA), Range(0, 30));
  EXPECT_EQ(destination_.Ids(kB), Range(0, 30));
  EXPECT_EQ((*states_.saved.state.Find(kA))["at"], 30);
  EXPECT_EQ(summary.last_saved, states_.saved.checkpoint);
  EXPECT_EQ(journal_.Count("acknowledged"), journal_.Count("saved"));
  EXPECT_GE(journal_.Find("finish a COMPLETE"), 0);
  EXPECT_EQ(journal_.lines().back(), "close");
}

TEST_F(RunSyncTest, CommitsRarelyUnlessTimeOrBytesHavePassed) {
  options_.commit_interval = std::chrono::minutes(5);
  Run([](const auto&, const State&, SourceOutput& output, std::stop_token) {
    return ReadBoth(output, 50);
  });
  EXPECT_EQ(journal_.Count("commit"), 2) << "one at the end of each stream";
  EXPECT_EQ(destination_.Ids(kA), Range(0, 500));
  EXPECT_EQ((*states_.saved.state.Find(kB))["at"], 500);
}

TEST_F(RunSyncTest, GoesOnWithOtherStreamsWhenOneCannotBeWritten) {
  destination_.on_write = [](const StreamDescriptor& stream, int64_t rows) {
    return stream == kA && rows >= 20 ? ConfigError("disk full") : Status::Ok();
  };
  bool stopped = false;
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
        for (const auto& stream : {kA, kB}) MR_RETURN_IF_ERROR(output.Open(stream, IdSchema()));
        for (int64_t at = 0; at < 1'000'000 && !stopped; at += 10) {
          stopped = EmitWithState(output, kA, at, 10).code() == StatusCode::kStreamStopped;
        }
        for (int64_t at = 0; at < 50; at += 10) {
          MR_RETURN_IF_ERROR(EmitWithState(output, kB, at, 10));
        }
        output.ReportStatus(kB, StreamStatus::kComplete);
        return Status::Ok();
      });
  EXPECT_TRUE(stopped);
  EXPECT_EQ(summary.outcome, SyncOutcome::kPartial);
  EXPECT_EQ(summary.streams[0].status, StreamStatus::kIncomplete);
  ASSERT_TRUE(summary.error.has_value());
  EXPECT_EQ(summary.error->stream, kA);
  EXPECT_EQ(summary.error->message, "writing a: disk full");
  EXPECT_EQ(summary.error_origin, FailureOrigin::kDestination);
  EXPECT_EQ(summary.streams[0].error_origin, FailureOrigin::kDestination);
  EXPECT_EQ(destination_.Ids(kA), Range(0, 20)) << "what its states covered before";
  EXPECT_EQ(destination_.Ids(kB), Range(0, 50));
  EXPECT_EQ((*states_.saved.state.Find(kA))["at"], 20);
  EXPECT_GE(journal_.Find("finish a INCOMPLETE"), 0);
  EXPECT_EQ(journal_.Find("finish a COMPLETE"), -1);
}

TEST_F(RunSyncTest, SavesNoGlobalStateAfterAFailedWriter) {
  destination_.on_write = [](const StreamDescriptor& stream, int64_t rows) {
    return stream == kB && rows >= 20 ? SystemError("no") : Status::Ok();
  };
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
        for (const auto& stream : {kA, kB}) MR_RETURN_IF_ERROR(output.Open(stream, IdSchema()));
        for (int64_t chunk = 0; chunk < 6; ++chunk) {
          for (const auto& stream : {kA, kB}) {
            const auto status = output.Emit(stream, Ids(chunk * 10, 10), Deadline::Never());
            if (status.canceled()) return status;
          }
          MR_RETURN_IF_ERROR(output.Checkpoint(StateMessage::Global({{"lsn", chunk}}, {})));
        }
        for (const auto& stream : {kA, kB}) output.ReportStatus(stream, StreamStatus::kComplete);
        return Status::Ok();
      });
  EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
  ASSERT_TRUE(summary.error.has_value());
  EXPECT_EQ(summary.error->stream, kB);
  EXPECT_EQ((**states_.saved.state.shared_state())["lsn"], 1);
  EXPECT_EQ(destination_.Ids(kA), Range(0, 20)) << "committed together with the other stream";
  EXPECT_EQ(journal_.Count("finish a COMPLETE"), 0);
}

TEST_F(RunSyncTest, CommitsGlobalStatesAcrossStreamsTogether) {
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
        for (const auto& stream : {kA, kB}) MR_RETURN_IF_ERROR(output.Open(stream, IdSchema()));
        for (int64_t chunk = 0; chunk < 3; ++chunk) {
          MR_RETURN_IF_ERROR(output.Emit(kA, Ids(chunk * 10, 10), Deadline::Never()));
          MR_RETURN_IF_ERROR(output.Emit(kB, Ids(chunk * 10, 10), Deadline::Never()));
          MR_RETURN_IF_ERROR(output.Checkpoint(StateMessage::Global({{"lsn", chunk}}, {})));
        }
        for (const auto& stream : {kA, kB}) output.ReportStatus(stream, StreamStatus::kComplete);
        return Status::Ok();
      });
  EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
  EXPECT_EQ(journal_.Count("commit"), 3);
  EXPECT_EQ((**states_.saved.state.shared_state())["lsn"], 2);
  EXPECT_EQ(destination_.Ids(kB), Range(0, 30));
}

TEST_F(RunSyncTest, AnnouncesSchemasOfStreamsWithoutRowsAndOfChanges) {
  const auto wider = arrow::schema(
      {arrow::field("id", arrow::int64(), false), arrow::field("name", arrow::int64())});
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
        MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
        MR_RETURN_IF_ERROR(output.Emit(kA, Ids(0, 5), Deadline::Never()));
        MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
        MR_RETURN_IF_ERROR(output.Open(kA, wider));
        MR_RETURN_IF_ERROR(output.Truncate(kA));
        MR_RETURN_IF_ERROR(output.Open(kB, IdSchema()));
        output.ReportStatus(kA, StreamStatus::kComplete);
        output.ReportStatus(kB, StreamStatus::kComplete);
        return Status::Ok();
      });
  EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
  EXPECT_EQ(journal_.Count("schema a"), 1) << "the same schema again is no change";
  EXPECT_LT(journal_.Find("schema a 2"), journal_.Find("truncate a"));
  EXPECT_GE(journal_.Find("open b"), 0);
  EXPECT_GE(journal_.Find("finish b COMPLETE"), 0);
  EXPECT_TRUE(destination_.Ids(kA).empty());
}

TEST_F(RunSyncTest, NamesASourcesMistakes) {
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
        EXPECT_EQ(output.Emit(kA, Ids(0, 1), Deadline::Never()).code(), StatusCode::kStreamStopped);
        EXPECT_TRUE(output.Emit({"c", {}}, Ids(0, 1), Deadline::Never()).failed());
        MR_RETURN_IF_ERROR(output.Open(kB, IdSchema()));
        return Status::Ok();
      });
  EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
  EXPECT_EQ(summary.streams[0].error->message,
            "the source sent rows of a before it opened the stream");
  EXPECT_EQ(summary.streams[1].error->message,
            "the source ended without saying whether b is complete");
  EXPECT_EQ(summary.streams[0].error_origin, FailureOrigin::kSource);
  EXPECT_EQ(summary.streams[1].error_origin, FailureOrigin::kSource);
}

TEST_F(RunSyncTest, NamesASourceThatStopsByItself) {
  const auto summary = Run(
      [](const auto&, const State&, SourceOutput&, std::stop_token) { return Status::Canceled(); });
  EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
  ASSERT_TRUE(summary.error.has_value());
  EXPECT_EQ(summary.error->message,
            "the source stopped reading (canceled) though nobody asked it to");
}

TEST_F(RunSyncTest, KeepsWhatIsCoveredWhenTheSourceFails) {
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
        MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
        MR_RETURN_IF_ERROR(output.Open(kB, IdSchema()));
        MR_RETURN_IF_ERROR(EmitWithState(output, kA, 0, 10));
        MR_RETURN_IF_ERROR(output.Emit(kA, Ids(10, 10), Deadline::Never()));
        MR_RETURN_IF_ERROR(EmitWithState(output, kB, 0, 10));
        output.ReportStatus(kB, StreamStatus::kComplete);
        return TransientError("connection lost");
      });
  EXPECT_EQ(summary.outcome, SyncOutcome::kPartial);
  EXPECT_EQ(summary.error->message, "connection lost");
  EXPECT_EQ(summary.error_origin, FailureOrigin::kSource);
  EXPECT_EQ(summary.streams[0].error_origin, FailureOrigin::kSource);
  EXPECT_EQ(summary.error->type, FailureType::kTransientError);
  EXPECT_EQ(destination_.Ids(kA), Range(0, 10)) << "the rows after the state will be read again";
  EXPECT_EQ(destination_.Ids(kB), Range(0, 10));
}

TEST_F(RunSyncTest, EndsWhenStateCannotBeSaved) {
  states_.on_save = [](const StateMessage&, CheckpointId id) {
    return id == 2 ? ConfigError("saving state: the disk is full") : Status::Ok();
  };
  const auto summary = Run([](const auto&, const State&, SourceOutput& output, std::stop_token) {
    return ReadBoth(output, 20);
  });
  EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
  EXPECT_EQ(summary.error->message, "saving state: the disk is full");
  EXPECT_EQ(summary.error_origin, FailureOrigin::kPlatform);
  EXPECT_EQ(states_.saved.checkpoint, 1u);
  EXPECT_EQ(journal_.Count("acknowledged"), 1);
  EXPECT_EQ(journal_.Count("finish"), 0);
}

TEST_F(RunSyncTest, NamesADestinationThatStopsByItself) {
  destination_.on_commit = [](CheckpointId) { return Status::Canceled(); };
  const auto summary = Run([](const auto&, const State&, SourceOutput& output, std::stop_token) {
    return ReadBoth(output, 20);
  });
  EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
  ASSERT_TRUE(summary.error.has_value());
  EXPECT_EQ(summary.error->message,
            "the destination stopped committing (canceled) though nobody asked it to");
}

TEST_F(RunSyncTest, EndsWhenACommitFails) {
  for (const bool at_once : {true, false}) {
    destination_.report_at_once = at_once;
    const CheckpointId bad = states_.saved.checkpoint + 2;
    destination_.on_durable = [bad](CheckpointId id) {
      return id == bad ? TransientError("bucket gone") : Status::Ok();
    };
    const auto summary = Run([](const auto&, const State&, SourceOutput& output, std::stop_token) {
      return ReadBoth(output, 20);
    });
    EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
    ASSERT_TRUE(summary.error.has_value());
    EXPECT_EQ(summary.error->message, "committing: bucket gone");
    EXPECT_EQ(summary.error_origin, FailureOrigin::kDestination);
    EXPECT_EQ(states_.saved.checkpoint, bad - 1);
  }
}

TEST_F(RunSyncTest, RefusesWhatMakesNoSense) {
  ScriptSource source(journal_, nullptr);
  catalog_.streams = {TestStream("a"), TestStream("a")};
  FailureOrigin origin = FailureOrigin::kUnknown;
  auto refused = RunSync(source, destination_, states_, catalog_, options_, {}, &origin);
  EXPECT_EQ(origin, FailureOrigin::kReplication);
  EXPECT_EQ(refused.status().error().message, "the stream a is selected twice");
  catalog_.streams.clear();
  EXPECT_FALSE(RunSync(source, destination_, states_, catalog_, options_, {}).ok());
}

}  // namespace
}  // namespace millrace
