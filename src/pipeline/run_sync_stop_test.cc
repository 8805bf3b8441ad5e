#include "pipeline/run_sync.h"

#include <gtest/gtest.h>

#include "pipeline/testing/run_sync_fixture.h"

namespace millrace {
namespace {

using RunSyncStopTest = RunSyncTest;

TEST_F(RunSyncStopTest, EmitReturnsAtItsDeadlineAndTakesNothing) {
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

TEST_F(RunSyncStopTest, HoldsNoMoreThanTheQueueMay) {
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

TEST_F(RunSyncStopTest, StopsReadingWhenCommitsDoNotKeepUp) {
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

TEST_F(RunSyncStopTest, CancelAbandonsWhatIsNotCommitted) {
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

TEST_F(RunSyncStopTest, FinishesEarlyAtTheLastCheckpoint) {
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

/// Commits of a server that never answers: they end when the load is abandoned, not before.
class HangingLoad : public Load {
 public:
  HangingLoad(std::stop_token abandon, std::function<void()> hangs)
      : abandon_(std::move(abandon)), hangs_(std::move(hangs)) {}

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream, const SchemaPtr&,
                                                   int) override {
    class Writer : public StreamWriter {
     public:
      explicit Writer(StreamDescriptor stream) : stream_(std::move(stream)) {}
      Status Write(const ChangeBatch&) override { return Status::Ok(); }
      Status SetSchema(const SchemaPtr&) override { return Status::Ok(); }
      Result<StagedParts> Flush() override { return StagedParts{stream_, 0, {}, 1, 1, 0}; }

     private:
      const StreamDescriptor stream_;
    };
    return std::unique_ptr<StreamWriter>(std::make_unique<Writer>(stream.descriptor()));
  }
  Status Commit(const Checkpoint&, std::vector<StagedParts>) override {
    hangs_();
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, abandon_, [] { return false; });
    return Status::Canceled();
  }
  Status FinishStream(const StreamDescriptor&, StreamStatus) override { return Status::Ok(); }
  Status Close() override { return Status::Ok(); }

 private:
  const std::stop_token abandon_;
  const std::function<void()> hangs_;
};

class HangingDestination : public Destination {
 public:
  explicit HangingDestination(std::function<void()> hangs) : hangs_(std::move(hangs)) {}

  Status Check() override { return Status::Ok(); }
  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog&, const LoadContext& context,
                                         CommitListener&) override {
    return std::unique_ptr<Load>(std::make_unique<HangingLoad>(context.abandon, hangs_));
  }

 private:
  const std::function<void()> hangs_;
};

TEST_F(RunSyncStopTest, StopsReachACommitThatHangs) {
  for (const bool early : {false, true}) {
    std::stop_source stop, finish_early;
    options_.finish_early = finish_early.get_token();
    options_.finish_early_limit = std::chrono::milliseconds(50);
    options_.cancel_limit = std::chrono::hours(1);  // the watchdog is not what ends it
    std::jthread stopper;
    HangingDestination destination(
        [&] { stopper = std::jthread([&] { (early ? finish_early : stop).request_stop(); }); });
    ScriptSource source(
        journal_, [&](const auto&, const State&, SourceOutput& output, std::stop_token) -> Status {
          MR_RETURN_IF_ERROR(output.Open(kA, IdSchema()));
          for (int64_t at = 0;; ++at) MR_RETURN_IF_ERROR(EmitWithState(output, kA, at, 1));
        });
    const auto summary =
        RunSync(source, destination, states_, catalog_, options_, stop.get_token());
    ASSERT_TRUE(summary.ok()) << summary.status().ToString();
    EXPECT_EQ(summary->outcome, early ? SyncOutcome::kInterrupted : SyncOutcome::kCanceled);
    EXPECT_FALSE(summary->error.has_value());
  }
}

TEST_F(RunSyncStopTest, SaysWhenASourceDoesNotStop) {
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

TEST_F(RunSyncStopTest, CommitsAWaitingCheckpointWhenItsTimeHasCome) {
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

TEST_F(RunSyncStopTest, NothingIsCommittedWithoutLeave) {
  options_.before_commit = [&](std::stop_token) {
    journal_.Add("leave");
    return Status::Ok();
  };
  Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) {
    return ReadBoth(output, 3);
  });
  EXPECT_EQ(destination_.Ids(kA), Range(0, 30));
  // Each commit and each finish has its own; opening has the first.
  int commits = 0;
  const auto lines = journal_.lines();
  EXPECT_EQ(lines.front(), "leave");
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with("commit ") && !lines[i].starts_with("finish ")) continue;
    ++commits;
    EXPECT_EQ(std::count(lines.begin(), lines.begin() + static_cast<ptrdiff_t>(i), "leave"),
              commits + 1)
        << lines[i];
  }
  EXPECT_GE(commits, 4);
}

TEST_F(RunSyncStopTest, AnAttemptThatLostItsLeaveFailsWithoutCommitting) {
  int asked = 0;
  options_.before_commit = [&](std::stop_token) {
    return ++asked <= 2 ? Status::Ok() : TransientError("the server was out of reach");
  };
  const auto summary = Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) {
    return ReadBoth(output, 3);
  });
  EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
  ASSERT_TRUE(summary.error.has_value());
  EXPECT_EQ(summary.error->type, FailureType::kTransientError);
  EXPECT_EQ(journal_.Count("commit "), 1) << "opening took the other leave";
  EXPECT_LE(journal_.Count("saved"), 1) << "what was not saved yet, the next attempt withdraws";
}

TEST_F(RunSyncStopTest, ACancelEndsTheWaitForLeave) {
  options_.before_commit = [&](std::stop_token abandoned) {
    if (journal_.Count("open ") == 0) return Status::Ok();
    journal_.Add("waiting");
    while (!abandoned.stop_requested()) std::this_thread::yield();
    return Status::Canceled();
  };
  std::jthread canceler([this] {
    while (journal_.Find("waiting") < 0) std::this_thread::yield();
    stop_.request_stop();
  });
  const auto summary = Run([&](const auto&, const State&, SourceOutput& output, std::stop_token) {
    return ReadBoth(output, 3);
  });
  EXPECT_EQ(summary.outcome, SyncOutcome::kCanceled);
  EXPECT_EQ(journal_.Count("commit "), 0);
}

}  // namespace
}  // namespace millrace
