#include "pipeline/run_sync.h"

#include <gtest/gtest.h>

#include <random>

#include "pipeline/testing/scripted_ends.h"

namespace millrace {
namespace {

const StreamDescriptor kA{"a", {}};
const StreamDescriptor kB{"b", {}};

std::vector<int64_t> Range(int64_t first, int64_t end) {
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
Status EmitWithState(SourceOutput& output, const StreamDescriptor& stream, int64_t first,
                     int64_t count) {
  MR_RETURN_IF_ERROR(output.Emit(stream, Ids(first, count), Deadline::Never()));
  return output.Checkpoint(StateMessage::OfStream(stream, {{"at", first + count}}));
}

Status ReadBoth(SourceOutput& output, int64_t chunks) {
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

TEST_F(RunSyncTest, EmitReturnsAtItsDeadlineAndTakesNothing) {
  options_.queue_bytes_max = 4096;
  destination_.write_cork.Close();
  int refused = 0;
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
        MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
        for (int64_t at = 0; at < 1000; at += 100) {
          for (;;) {
            const auto status =
                output.Emit(kA, Ids(at, 100), Deadline::After(std::chrono::milliseconds(5)));
            if (status.ok()) break;
            if (status.code() != StatusCode::kDeadline) return status;
            if (++refused == 3) destination_.write_cork.Open();
          }
        }
        output.ReportStatus(kA, StreamStatus::kComplete);
        return Status::Ok();
      });
  EXPECT_GE(refused, 3);
  EXPECT_EQ(destination_.Ids(kA), Range(0, 1000)) << "each row once";
  EXPECT_EQ(summary.outcome, SyncOutcome::kPartial);
  EXPECT_EQ(summary.error->message, "the source never mentioned b, though the catalog asks for it");
}

TEST_F(RunSyncTest, HoldsNoMoreThanTheQueueMay) {
  options_.queue_bytes_max = 64 << 10;
  catalog_.streams = {TestStream("a")};
  const int64_t batch_bytes = Ids(0, 1000).num_bytes();
  int64_t emitted = 0;
  int64_t most = 0;
  Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
    MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
    for (int64_t at = 0; at < 100'000; at += 1000) {
      MR_RETURN_IF_ERROR(output.Emit(kA, Ids(at, 1000), Deadline::Never()));
      emitted += batch_bytes;
      std::lock_guard lock(destination_.mutex);
      most = std::max(most, emitted - destination_.bytes_written);
    }
    output.ReportStatus(kA, StreamStatus::kComplete);
    return Status::Ok();
  });
  // The batch that the writer has in hand was written, but not yet given back.
  EXPECT_LE(most, options_.queue_bytes_max);
  EXPECT_EQ(destination_.Ids(kA).size(), 100'000u);
}

TEST_F(RunSyncTest, StopsReadingWhenCommitsDoNotKeepUp) {
  options_.uncommitted_bytes_max = 10'000;
  destination_.report_at_once = false;
  destination_.commit_cork.Close();
  int emitted = 0;
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
        MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
        MR_RETURN_IF_ERROR(output.Open(kB, IdSchema()));
        bool opened = false;
        for (int64_t at = 0; at < 200;) {
          const auto status =
              output.Emit(kA, Ids(at, 10), Deadline::After(std::chrono::milliseconds(200)));
          if (status.code() == StatusCode::kDeadline) {
            opened = true;
            emitted = static_cast<int>(at);
            destination_.commit_cork.Open();
            continue;
          }
          MR_RETURN_IF_ERROR(status);
          at += 10;
          MR_RETURN_IF_ERROR(output.Checkpoint(StateMessage::OfStream(kA, {{"at", at}})));
          // Let the writer pass on what it has before more is read.
          while (!opened && journal_.Count("commit") < std::min<int64_t>(at / 10, 3)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        }
        output.ReportStatus(kA, StreamStatus::kComplete);
        output.ReportStatus(kB, StreamStatus::kComplete);
        return Status::Ok();
      });
  EXPECT_GT(emitted, 0) << "the bound was never reached";
  EXPECT_LT(emitted, 200);
  EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
  EXPECT_EQ(destination_.Ids(kA), Range(0, 200));
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
  EXPECT_EQ(summary.error->type, FailureType::kTransientError);
  EXPECT_EQ(destination_.Ids(kA), Range(0, 10)) << "the rows after the state will be read again";
  EXPECT_EQ(destination_.Ids(kB), Range(0, 10));
}

TEST_F(RunSyncTest, EndsWhenStateCannotBeSaved) {
  states_.on_save = [](CheckpointId id) {
    return id == 2 ? ConfigError("saving state: the disk is full") : Status::Ok();
  };
  const auto summary = Run([](const auto&, const State&, SourceOutput& output, std::stop_token) {
    return ReadBoth(output, 20);
  });
  EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
  EXPECT_EQ(summary.error->message, "saving state: the disk is full");
  EXPECT_EQ(states_.saved.checkpoint, 1u);
  EXPECT_EQ(journal_.Count("acknowledged"), 1);
  EXPECT_EQ(journal_.Count("finish"), 0);
}

TEST_F(RunSyncTest, EndsWhenACommitFails) {
  for (const bool at_once : {true, false}) {
    destination_.report_at_once = at_once;
    destination_.on_durable = [&](CheckpointId id) {
      return id == states_.saved.checkpoint + 2 ? TransientError("bucket gone") : Status::Ok();
    };
    const auto summary = Run([](const auto&, const State&, SourceOutput& output, std::stop_token) {
      return ReadBoth(output, 20);
    });
    EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
    EXPECT_EQ(summary.error->message, "committing: bucket gone");
  }
}

TEST_F(RunSyncTest, CancelAbandonsWhatIsNotCommitted) {
  destination_.write_cork.Close();
  options_.queue_bytes_max = 4096;
  std::jthread canceler;
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
        MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
        canceler = std::jthread([&] {
          while (destination_.write_cork.waiting() == 0) std::this_thread::yield();
          stop_.request_stop();
          destination_.write_cork.Open();
        });
        for (int64_t at = 0;; at += 100) MR_RETURN_IF_ERROR(EmitWithState(output, kA, at, 100));
      });
  EXPECT_EQ(summary.outcome, SyncOutcome::kCanceled);
  EXPECT_FALSE(summary.error.has_value());
  EXPECT_EQ(journal_.Count("finish"), 0);
  EXPECT_EQ(journal_.lines().back(), "close");
}

TEST_F(RunSyncTest, FinishesEarlyAtTheLastCheckpoint) {
  options_.commit_interval = std::chrono::hours(1);
  std::stop_source early;
  options_.finish_early = early.get_token();
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput& output, std::stop_token stop) -> Status {
        MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
        MR_RETURN_IF_ERROR(EmitWithState(output, kA, 0, 10));
        MR_RETURN_IF_ERROR(EmitWithState(output, kA, 10, 10));
        early.request_stop();
        while (!stop.stop_requested()) std::this_thread::yield();
        EXPECT_TRUE(output.Emit(kA, Ids(20, 10), Deadline::Never()).canceled());
        return Status::Canceled();
      });
  EXPECT_EQ(summary.outcome, SyncOutcome::kInterrupted);
  EXPECT_FALSE(summary.error.has_value());
  EXPECT_EQ(destination_.Ids(kA), Range(0, 20));
  EXPECT_EQ((*states_.saved.state.Find(kA))["at"], 20);
  EXPECT_FALSE(summary.streams[1].status.has_value()) << "nobody came to it";
}

TEST_F(RunSyncTest, SaysWhenASourceDoesNotStop) {
  options_.cancel_limit = std::chrono::milliseconds(50);
  std::atomic<bool> told = false;
  options_.stuck = [&](const SyncSummary& summary) {
    EXPECT_EQ(summary.outcome, SyncOutcome::kCanceled);
    told = true;
  };
  const auto summary =
      Run([&](const auto&, const State&, SourceOutput&, std::stop_token) -> Status {
        stop_.request_stop();
        while (!told) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return Status::Canceled();
      });
  EXPECT_EQ(summary.outcome, SyncOutcome::kCanceled);
}

class HandClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(seconds.load() * std::chrono::seconds(1)); }
  WallTime WallNow() const override { return {}; }
  std::atomic<int64_t> seconds = 1000;
};

TEST_F(RunSyncTest, CommitsAWaitingCheckpointWhenItsTimeHasCome) {
  for (const bool global : {false, true}) {
    HandClock clock;
    options_.clock = &clock;
    options_.commit_interval = std::chrono::minutes(5);
    const int commits_before = journal_.Count("saved");
    Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
      MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
      MR_RETURN_IF_ERROR(output.Emit(kA, Ids(0, 10), Deadline::Never()));
      MR_RETURN_IF_ERROR(output.Checkpoint(global ? StateMessage::Global({{"lsn", 1}}, {})
                                                  : StateMessage::OfStream(kA, {{"at", 10}})));
      EXPECT_EQ(journal_.Count("saved"), commits_before);
      clock.seconds += 301;
      for (int i = 0; i < 15'000 && journal_.Count("saved") == commits_before; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      EXPECT_EQ(journal_.Count("saved"), commits_before + 1) << (global ? "global" : "stream");
      return Status::Ok();
    });
  }
}

TEST_F(RunSyncTest, ReadsPartitionsOnLanesLargeStreamsFirst) {
  PartitionSource source({{"a", {5, 5}}, {"b", std::vector<int64_t>(20, 35)}, {"c", {}}});
  catalog_.streams.push_back(TestStream("c"));
  options_.writer_lanes = 3;
  const auto summary = Run(source);
  EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded) << summary.error->message;
  EXPECT_EQ(destination_.Ids(kA), Range(0, 10));
  EXPECT_EQ(destination_.Ids(kB), Range(0, 700));
  EXPECT_EQ(source.order().front(), "b");
  EXPECT_LE(destination_.most_writers[kB], 3);
  EXPECT_EQ(journal_.Count("commit"), 2) << "one for each stream with all of its lanes";
  EXPECT_EQ((*states_.saved.state.Find(kB))["done"], 20);
  EXPECT_GE(journal_.Find("finish c COMPLETE"), 0) << "left to Read";
}

TEST_F(RunSyncTest, GivesUpASplitStreamWhenAPartitionFails) {
  PartitionSource source({{"a", {50, 50, 50}}, {"b", {50}}});
  source.on_emit = [](const StreamDescriptor& stream, const std::string& partition) {
    return stream == kA && partition == "1" ? TransientError("backend terminated") : Status::Ok();
  };
  options_.writer_lanes = 2;
  const auto summary = Run(source);
  EXPECT_EQ(summary.outcome, SyncOutcome::kPartial);
  EXPECT_EQ(summary.error->message, "backend terminated");
  EXPECT_EQ(summary.error->stream, kA);
  EXPECT_TRUE(destination_.Ids(kA).empty());
  EXPECT_EQ(destination_.Ids(kB), Range(0, 50));
  EXPECT_GE(journal_.Find("finish a INCOMPLETE"), 0);
}

TEST_F(RunSyncTest, KeepsFewWritersOpenForManyStreams) {
  std::map<std::string, std::vector<int64_t>> partitions;
  catalog_.streams.clear();
  for (int i = 0; i < 500; ++i) {
    const std::string name = "t" + std::to_string(i);
    partitions[name] = {3};
    catalog_.streams.push_back(TestStream(name, SyncMode::kFullRefresh));
  }
  PartitionSource source(std::move(partitions));
  options_.writer_lanes = 2;
  const auto summary = Run(source);
  EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
  EXPECT_EQ(summary.records_committed, 1500);
  EXPECT_LE(destination_.most_of_all_writers, 2);
}

TEST_F(RunSyncTest, RefusesWhatMakesNoSense) {
  ScriptSource source(journal_, nullptr);
  catalog_.streams = {TestStream("a"), TestStream("a")};
  auto refused = RunSync(source, destination_, states_, catalog_, options_, {});
  EXPECT_EQ(refused.status().error().message, "the stream a is selected twice");
  catalog_.streams.clear();
  EXPECT_FALSE(RunSync(source, destination_, states_, catalog_, options_, {}).ok());
}

}  // namespace
}  // namespace millrace
