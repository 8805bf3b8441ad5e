#include "pipeline/run_sync.h"

#include <gtest/gtest.h>

#include <random>

#include "pipeline/testing/run_sync_fixture.h"

namespace millrace {
namespace {

using RunSyncPartitionTest = RunSyncTest;

TEST_F(RunSyncPartitionTest, ReadsPartitionsOnLanesLargeStreamsFirst) {
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

TEST_F(RunSyncPartitionTest, GivesUpASplitStreamWhenAPartitionFails) {
  PartitionSource source({{"a", {50, 50, 50}}, {"b", {50}}});
  source.on_emit = [](const StreamDescriptor& stream, const std::string& partition) {
    return stream == kA && partition == "1" ? TransientError("backend terminated") : Status::Ok();
  };
  options_.writer_lanes = 2;
  const auto summary = Run(source);
  EXPECT_EQ(summary.outcome, SyncOutcome::kPartial);
  EXPECT_EQ(summary.error->message, "backend terminated");
  EXPECT_EQ(summary.error->stream, kA);
  EXPECT_EQ(summary.error_origin, FailureOrigin::kSource);
  EXPECT_TRUE(destination_.Ids(kA).empty());
  EXPECT_EQ(destination_.Ids(kB), Range(0, 50));
  EXPECT_GE(journal_.Find("finish a INCOMPLETE"), 0);
}

TEST_F(RunSyncPartitionTest, AWritersFailureIsTheDestinationsThoughTheSourcesThreadMeetsIt) {
  PartitionSource source({{"a", {50, 50, 50}}, {"b", {50}}});
  destination_.on_write = [](const StreamDescriptor& stream, int64_t) {
    return stream == kA ? TransientError("disk full") : Status::Ok();
  };
  const auto summary = Run(source);
  EXPECT_EQ(summary.outcome, SyncOutcome::kPartial);
  EXPECT_EQ(summary.error->message, "writing a: disk full");
  EXPECT_EQ(summary.error_origin, FailureOrigin::kDestination);
}

TEST_F(RunSyncPartitionTest, GoesOnAfterTheLastCheckpointOfAReadThatFailed) {
  catalog_.streams = {TestStream("a")};
  options_.writer_lanes = 3;
  std::mt19937 random(20'261'122);
  for (int round = 0; round < 20; ++round) {
    states_.saved.state = State();
    destination_.tables.clear();
    PartitionSource failing({{"a", std::vector<int64_t>(30, 20)}});
    failing.checkpoint_interval = std::chrono::milliseconds(0);
    const std::string fatal = std::to_string(random() % 30);
    failing.on_emit = [&](const StreamDescriptor&, const std::string& partition) {
      return partition == fatal ? TransientError("backend terminated") : Status::Ok();
    };
    EXPECT_EQ(Run(failing).outcome, SyncOutcome::kFailed);
    const int64_t committed = static_cast<int64_t>(destination_.Ids(kA).size());
    // What is committed is the first partitions, all of them.
    EXPECT_EQ(destination_.Ids(kA), Range(0, committed)) << fatal;
    const Json* const state = states_.saved.state.Find(kA);
    EXPECT_EQ(state == nullptr ? 0 : (*state)["done"].get<int64_t>() * 20, committed) << fatal;
    PartitionSource source({{"a", std::vector<int64_t>(30, 20)}});
    source.checkpoint_interval = std::chrono::milliseconds(0);
    const auto summary = Run(source);
    EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
    EXPECT_EQ(summary.records_committed, 600 - committed);
    EXPECT_EQ(destination_.Ids(kA), Range(0, 600)) << fatal;
  }
}

/// A full refresh of "a" that an earlier attempt of the same generation left in the middle.
class RunSyncGoesOnTest : public RunSyncTest {
 protected:
  RunSyncGoesOnTest() {
    ConfiguredStream stream = TestStream("a", SyncMode::kFullRefresh);
    stream.stream.is_resumable = true;
    catalog_.streams = {stream};
    source_.checkpoint_interval = std::chrono::milliseconds(0);
    options_.writer_lanes = 1;
    source_.on_emit = [](const StreamDescriptor&, const std::string& partition) {
      return partition == "3" ? TransientError("backend terminated") : Status::Ok();
    };
    EXPECT_EQ(Run(source_).outcome, SyncOutcome::kFailed);
    EXPECT_EQ((*states_.saved.state.Find(kA))["done"], 3);
    source_.on_emit = nullptr;
    catalog_.streams[0].goes_on = true;
  }
  int64_t ReadAgain() {
    const auto summary = Run(source_);
    EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
    return summary.records_read;
  }

  PartitionSource source_{{{"a", std::vector<int64_t>(5, 20)}}};
};

TEST_F(RunSyncGoesOnTest, WhereAllAgree) {
  EXPECT_EQ(ReadAgain(), 40);
  EXPECT_EQ(destination_.Ids(kA), Range(0, 100));
  // The last state is saved before the stream is finished: who dies in between finishes it.
  EXPECT_LT(journal_.Find("saved 2"), journal_.Find("finish a COMPLETE"));
}

TEST_F(RunSyncGoesOnTest, NotUnlessTheGenerationDoes) {
  catalog_.streams[0].goes_on = false;
  EXPECT_EQ(ReadAgain(), 100);
}

TEST_F(RunSyncGoesOnTest, NotWhenTheSourceCannot) {
  source_.can_go_on = false;
  EXPECT_EQ(ReadAgain(), 100);
}

TEST_F(RunSyncGoesOnTest, NotWhenTheDestinationCannotAndTheStateGoesBeforeAnythingIsRead) {
  destination_.has_commits = false;
  source_.on_emit = [this](const StreamDescriptor&, const std::string& partition) {
    if (partition == "0") {
      EXPECT_TRUE(states_.saved.state.Find(kA)->empty());
    }
    return Status::Ok();
  };
  EXPECT_EQ(ReadAgain(), 100);
}

TEST_F(RunSyncGoesOnTest, NotASourceThatIsNotResumable) {
  catalog_.streams[0].stream.is_resumable = false;
  EXPECT_EQ(ReadAgain(), 100);
}

TEST_F(RunSyncPartitionTest, MakesNoCheckpointOnTheWayBeforeItIsDue) {
  PartitionSource source({{"a", std::vector<int64_t>(9, 20)}, {"b", std::vector<int64_t>(9, 20)}});
  source.checkpoint_interval = std::chrono::hours(1);
  options_.writer_lanes = 2;
  EXPECT_EQ(Run(source).outcome, SyncOutcome::kSucceeded);
  EXPECT_EQ(journal_.Count("commit"), 2);
}

TEST_F(RunSyncPartitionTest, KeepsFewWritersOpenForManyStreams) {
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

}  // namespace
}  // namespace millrace
