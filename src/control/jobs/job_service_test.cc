#include "control/jobs/job_service.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/jobs/job_transition.h"
#include "control/jobs/testing/jobs_fixture.h"
#include "control/store/connection_events.h"

namespace millrace {
namespace {

using Outcome = JobCreation::Outcome;

class JobServiceTest : public JobsFixture {
 protected:
  void SetUp() override {
    JobsFixture::SetUp();
    service_ = std::make_unique<JobService>(database(), clock_);
  }
  JobCreation Create(JobRequest request) {
    auto created = service_->Create(request);
    EXPECT_TRUE(created.ok()) << created.status().ToString();
    return created.ok() ? *std::move(created) : JobCreation();
  }
  std::vector<std::string> Timeline(const std::string& connection) {
    std::vector<std::string> types;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(const auto events, ListConnectionEvents(t, {connection, {}, {}, {}}, {}));
      types.clear();
      for (const ConnectionEvent& event : events) types.push_back(event.type);
      return Status::Ok();
    });
    return types;
  }

  std::unique_ptr<JobService> service_;
};

TEST_P(JobServiceTest, ASyncIsMadeOnceAtATime) {
  int woken = 0;
  service_->set_listener([&] { ++woken; });
  const JobCreation first = Create({.connection_id = "a"});
  EXPECT_EQ(first.outcome, Outcome::kCreated);
  EXPECT_EQ(first.job.job.status, "pending");
  EXPECT_EQ(woken, 1);
  const JobCreation second = Create({.connection_id = "a"});
  EXPECT_EQ(second.outcome, Outcome::kBusy);
  EXPECT_EQ(second.job.job.id, first.job.job.id);
  EXPECT_EQ(Create({.connection_id = "b"}).outcome, Outcome::kCreated);
  EXPECT_EQ(Create({.connection_id = "none"}).outcome, Outcome::kNoConnection);
}

TEST_P(JobServiceTest, APausedConnectionRefuses) {
  SetStatus("a", "inactive");
  EXPECT_EQ(Create({.connection_id = "a"}).outcome, Outcome::kInactive);
}

TEST_P(JobServiceTest, TheFirstScheduledSyncIsTheOneAskedForByHand) {
  const JobCreation scheduled = Create({.connection_id = "a", .scheduled = true});
  const JobCreation manual = Create({.connection_id = "a"});
  EXPECT_EQ(manual.outcome, Outcome::kCreated);
  EXPECT_EQ(manual.job.job.id, scheduled.job.job.id);
  EXPECT_EQ(Create({.connection_id = "a"}).outcome, Outcome::kBusy) << "once";
}

TEST_P(JobServiceTest, ALaterScheduledSyncIsInTheWay) {
  clock_.Advance(std::chrono::minutes(5));
  Create({.connection_id = "a", .scheduled = true});
  EXPECT_EQ(Create({.connection_id = "a"}).outcome, Outcome::kBusy);
}

TEST_P(JobServiceTest, ARefreshNamesStreamsOfTheConnection) {
  EXPECT_EQ(Create({.connection_id = "a", .config_type = "refresh", .streams = {{"nothing", {}}}})
                .outcome,
            Outcome::kUnknownStream);
  const JobCreation one = Create({.connection_id = "a",
                                  .config_type = "refresh",
                                  .streams = {{"orders", "public"}},
                                  .refresh_mode = "Merge"});
  EXPECT_EQ(one.outcome, Outcome::kCreated);
  EXPECT_EQ(one.job.job.document->dump(),
            R"({"scheduled":false,"streams":[{"name":"orders","namespace":"public"}],)"
            R"("refreshMode":"Merge"})");
  const JobCreation all = Create({.connection_id = "b", .config_type = "clear"});
  EXPECT_EQ(all.job.job.document->at("streams").size(), 2u) << "what is selected";
}

TEST_P(JobServiceTest, AWaitingJobIsCancelledAtOnceAndAFinishedOneStays) {
  const int64_t id = Create({.connection_id = "a"}).job.job.id;
  clock_.Advance(std::chrono::seconds(1));
  auto cancelled = service_->Cancel(id, "ann");
  ASSERT_TRUE(cancelled.ok() && *cancelled);
  EXPECT_EQ((*cancelled)->job.status, "cancelled");
  EXPECT_EQ(Timeline("a"), (std::vector<std::string>{"SYNC_CANCELLED", "SYNC_STARTED"}));
  const int64_t updated = (*cancelled)->job.updated_at;
  clock_.Advance(std::chrono::seconds(1));
  cancelled = service_->Cancel(id, "ann");
  ASSERT_TRUE(cancelled.ok() && *cancelled);
  EXPECT_EQ((*cancelled)->job.updated_at, updated);
  EXPECT_FALSE(*service_->Cancel(12345, "ann"));
}

TEST_P(JobServiceTest, ARunningJobIsOnlyAskedToEnd) {
  Job job = Create({.connection_id = "a"}).job.job;
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const bool moved, MoveJob(t, &job, JobEvent::kAttemptStarted, 5));
    EXPECT_TRUE(moved);
    return Status::Ok();
  });
  const auto asked = service_->Cancel(job.id, "ann", std::chrono::milliseconds(0));
  ASSERT_TRUE(asked.ok() && *asked);
  EXPECT_EQ((*asked)->job.status, "running");
  EXPECT_TRUE((*asked)->job.cancel_asked);
}

TEST_P(JobServiceTest, AMoveFromAnotherStateThanStoredChangesNothing) {
  Job job = Create({.connection_id = "a"}).job.job;
  Job stale = job;
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const bool ended, MoveJob(t, &job, JobEvent::kAttemptSucceeded, 5));
    EXPECT_FALSE(ended) << "it has not begun";
    MR_ASSIGN_OR_RETURN(const bool moved, MoveJob(t, &job, JobEvent::kAttemptStarted, 5));
    EXPECT_TRUE(moved);
    MR_ASSIGN_OR_RETURN(const bool again, MoveJob(t, &stale, JobEvent::kCanceled, 6));
    EXPECT_FALSE(again);
    return Status::Ok();
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, JobServiceTest, testing::Values("sqlite", "postgres"));

}  // namespace
}  // namespace millrace
