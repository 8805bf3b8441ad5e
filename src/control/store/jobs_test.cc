#include "control/store/jobs.h"

#include <nlohmann/json.hpp>

#include "control/store/testing/two_connections.h"

namespace millrace {
namespace {

class JobsTest : public TwoConnections {
 protected:
  Status Add(const std::string& connection, Job* job) {
    job->connection_id = connection;
    job->config_type = "sync";
    job->status = "pending";
    return database().Write([&](SqlTransaction& t) { return InsertJob(t, job); });
  }
};

TEST_P(JobsTest, AConnectionHasOneActiveJob) {
  Job first, second, other;
  ASSERT_TRUE(Add("a", &first).ok());
  EXPECT_EQ(first.id, 1);
  EXPECT_TRUE(IsDuplicateKey(Add("a", &second)));
  ASSERT_TRUE(Add("b", &other).ok());
  first.status = "cancelled";
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const bool updated, UpdateJob(t, first, "pending"));
    EXPECT_TRUE(updated);
    MR_ASSIGN_OR_RETURN(const bool again, UpdateJob(t, first, "pending"));
    EXPECT_FALSE(again) << "it is cancelled already";
    MR_ASSIGN_OR_RETURN(const auto active, ActiveJob(t, "b"));
    EXPECT_TRUE(active && active->id == other.id);
    return Status::Ok();
  });
  EXPECT_TRUE(Add("a", &second).ok());
}

TEST_P(JobsTest, AnAttemptBelongsToTheNewestToken) {
  Job job;
  ASSERT_TRUE(Add("a", &job).ok());
  Attempt attempt;
  attempt.job_id = job.id;
  attempt.status = "running";
  attempt.worker = "one";
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(attempt.fencing_token, NextFencingToken(t, 7'000));
    EXPECT_EQ(attempt.fencing_token, 7) << "milliseconds of the clock";
    MR_ASSIGN_OR_RETURN(attempt.fencing_token, NextFencingToken(t, 7'000));
    EXPECT_EQ(attempt.fencing_token, 8) << "it grows though the clock stands still";
    return InsertAttempt(t, attempt);
  });
  attempt.document = Json{{"totalStats", {{"recordsEmitted", 5}}}};
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const bool updated, UpdateAttempt(t, attempt));
    EXPECT_TRUE(updated);
    Attempt stale = attempt;
    --stale.fencing_token;
    MR_ASSIGN_OR_RETURN(const bool overwritten, UpdateAttempt(t, stale));
    EXPECT_FALSE(overwritten);
    MR_ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(t, job.id));
    EXPECT_EQ(attempts.size(), 1u);
    EXPECT_EQ(*attempts[0].document, *attempt.document);
    return Status::Ok();
  });
}

TEST_P(JobsTest, ListsByWhatIsAsked) {
  Job job, other;
  ASSERT_TRUE(Add("a", &job).ok());
  ASSERT_TRUE(Add("b", &other).ok());
  const auto list = [&](const JobFilter& filter) {
    std::vector<int64_t> ids;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(const auto jobs, ListJobs(t, filter, {}));
      ids.clear();
      for (const Job& one : jobs) ids.push_back(one.id);
      MR_ASSIGN_OR_RETURN(const int64_t count, CountJobs(t, filter));
      EXPECT_EQ(count, static_cast<int64_t>(ids.size()));
      return Status::Ok();
    });
    return ids;
  };
  EXPECT_EQ(list({}), (std::vector<int64_t>{other.id, job.id}));
  EXPECT_EQ(list({.connection_ids = {"a"}, .workspace_id = "w"}), std::vector<int64_t>{job.id});
  EXPECT_EQ(list({.workspace_id = "x"}), std::vector<int64_t>{});
  EXPECT_EQ(list({.config_types = {"clear"}}), std::vector<int64_t>{});
  EXPECT_EQ(list({.statuses = {"pending", "running"}, .oldest_first = true}),
            (std::vector<int64_t>{job.id, other.id}));
}

TEST_P(JobsTest, AnUpdateOfAnOlderRevisionChangesNothing) {
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(auto found, FindConnection(t, "a"));
    Connection mine = *found, theirs = *found;
    mine.name = "mine";
    mine.next_run_at = 5;
    theirs.name = "theirs";
    MR_ASSIGN_OR_RETURN(const bool first, UpdateConnection(t, mine));
    MR_ASSIGN_OR_RETURN(const bool second, UpdateConnection(t, theirs));
    EXPECT_TRUE(first);
    EXPECT_FALSE(second);
    MR_ASSIGN_OR_RETURN(const auto due, ListDueConnections(t, 5, 10));
    EXPECT_EQ(due.size(), 1u);
    MR_ASSIGN_OR_RETURN(const auto named, ListConnections(t, {.name_contains = "MIN"}, {}));
    EXPECT_EQ(named.size(), 1u);
    MR_RETURN_IF_ERROR(DeleteConnectionsOf(t, ConnectorType::kSource, "s", 9));
    MR_ASSIGN_OR_RETURN(const int64_t left, CountConnections(t, {}));
    EXPECT_EQ(left, 0);
    return Status::Ok();
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, JobsTest, testing::Values("sqlite", "postgres"));

}  // namespace
}  // namespace millrace
