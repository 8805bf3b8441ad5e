#include "control/retention/retention.h"

#include <gtest/gtest.h>

#include <map>

#include "control/store/migrations.h"
#include "control/store/testing/each_engine.h"
#include "control/store/testing/sample_rows.h"

namespace millrace {
namespace {

constexpr int64_t kDay = 24LL * 3600 * 1'000'000;

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return System().Now(); }
  WallTime WallNow() const override { return WallTime(std::chrono::days(20'000)); }
};

/// Logs of given ages and sizes.
class FakeLogs : public LogStorage {
 public:
  Status Append(const AttemptId&, std::string_view) override { return Status::Ok(); }
  Result<int64_t> Size(const AttemptId&) override { return int64_t{0}; }
  Result<std::string> Read(const AttemptId&, int64_t, int64_t) override { return std::string(); }
  Status KeepState(const AttemptId&, int64_t, std::string_view) override { return Status::Ok(); }
  Result<std::vector<StoredLog>> List() override {
    std::vector<StoredLog> list;
    for (const auto& [id, log] : logs) list.push_back(log);
    return list;
  }
  Status Remove(const AttemptId& id) override {
    logs.erase(id);
    return Status::Ok();
  }
  void Add(AttemptId id, int days_old, int64_t bytes) {
    logs[id] = {id, bytes, FixedClock().WallNow() - std::chrono::days(days_old)};
  }
  std::map<AttemptId, StoredLog> logs;
};

class RetentionTest : public EachEngine {
 protected:
  void SetUp() override {
    EachEngine::SetUp();
    ASSERT_TRUE(Migrate(database()).ok());
    AddActor(database());
    for (const char* id : {"one", "two"}) {
      AddConnection(database(), id, R"({"sourceCatalogId": "named"})");
    }
  }

  static int64_t DaysAgo(int days) { return (20'000LL - days) * kDay; }

  /// With an attempt.
  void AddOldJob(int64_t id, const char* connection, const char* status, int days_old) {
    AddJob(database(), id, connection, status, DaysAgo(days_old));
    AddAttempt(database(), id, std::string(status) == "running" ? "running" : "failed");
    ExecuteSql(database(),
               fmt::format("INSERT INTO stream_status (job_id, attempt_number, namespace, name, "
                           "connection_id, run_state, transitioned_at) "
                           "VALUES ({}, 0, '', 's', '{}', 'complete', 0)",
                           id, connection));
  }
  std::vector<std::string> Texts(const std::string& sql) { return SqlTexts(database(), sql); }
  Retention::Deleted Prune(RetentionRules rules = {}) {
    Retention::Deleted deleted;
    const Status pruned = Retention(database(), logs_, clock_, rules).Prune({}, &deleted);
    EXPECT_TRUE(pruned.ok()) << pruned.ToString();
    return deleted;
  }

  FixedClock clock_;
  FakeLogs logs_;
};

TEST_P(RetentionTest, OldJobsGoButTheNewestAndTheActiveStay) {
  AddOldJob(1, "one", "succeeded", 400);
  AddOldJob(2, "one", "succeeded", 300);  // its newest success
  AddOldJob(3, "one", "failed", 250);
  AddOldJob(4, "one", "failed", 200);  // its newest
  AddOldJob(5, "two", "cancelled", 190);
  AddOldJob(6, "two", "failed", 170);  // not old enough
  AddOldJob(7, "two", "running", 400);
  EXPECT_EQ(Prune().jobs, 3);
  const std::vector<std::string> kept = {"2", "4", "6", "7"};
  EXPECT_EQ(Texts("SELECT CAST(id AS TEXT) FROM job ORDER BY id"), kept);
  EXPECT_EQ(Texts("SELECT CAST(job_id AS TEXT) FROM attempt ORDER BY job_id"), kept);
  EXPECT_EQ(Texts("SELECT CAST(job_id AS TEXT) FROM stream_status ORDER BY job_id"), kept);
  EXPECT_EQ(Prune().jobs, 0) << "once more";
}

TEST_P(RetentionTest, ManyJobsGoInSteps) {
  constexpr int64_t kJobs = 2 * Retention::kRowsMax + 7;
  ASSERT_TRUE(database()
                  .Write([](SqlTransaction& transaction) -> Status {
                    for (int64_t id = 1; id <= kJobs + 1; ++id) {
                      MR_RETURN_IF_ERROR(
                          transaction
                              .Execute("INSERT INTO job (id, connection_id, config_type, status, "
                                       "document, created_at, updated_at) "
                                       "VALUES (:1, 'one', 'sync', 'failed', '{}', 0, 0)",
                                       {id})
                              .status());
                    }
                    return Status::Ok();
                  })
                  .ok());
  std::stop_source stopped;
  stopped.request_stop();
  Retention::Deleted deleted;
  EXPECT_TRUE(
      Retention(database(), logs_, clock_, {}).Prune(stopped.get_token(), &deleted).canceled());
  EXPECT_EQ(deleted.jobs, 0);
  EXPECT_EQ(Prune().jobs, kJobs);
}

TEST_P(RetentionTest, EventsAndCatalogs) {
  for (const auto& [id, days] : {std::pair("old", 600), {"young", 500}}) {
    ExecuteSql(
        database(),
        fmt::format("INSERT INTO connection_event VALUES ('{}', 'one', 't', '{{}}', NULL, {})", id,
                    DaysAgo(days)));
  }
  for (const auto& [id, days] :
       {std::pair("replaced", 30), {"named", 20}, {"recent", 3}, {"newest", 1}}) {
    ExecuteSql(database(),
               fmt::format("INSERT INTO discovered_catalog VALUES ('{}', 'a', 'h', '{{}}', {})", id,
                           DaysAgo(days)));
  }
  const Retention::Deleted deleted = Prune();
  EXPECT_EQ(deleted.events, 1);
  EXPECT_EQ(deleted.catalogs, 1);
  EXPECT_EQ(Texts("SELECT id FROM connection_event"), std::vector<std::string>{"young"});
  EXPECT_EQ(Texts("SELECT id FROM discovered_catalog ORDER BY id"),
            (std::vector<std::string>{"named", "newest", "recent"}));
}

TEST_P(RetentionTest, LogsByAgeAndBySize) {
  AddOldJob(1, "one", "running", 60);
  logs_.Add({1, 0}, 40, 100);  // it runs
  logs_.Add({2, 0}, 31, 100);
  logs_.Add({3, 0}, 29, 100);
  logs_.Add({4, 0}, 2, 100);
  logs_.Add({5, 0}, 1, 100);
  EXPECT_EQ(Prune().logs, 1);
  EXPECT_FALSE(logs_.logs.contains({2, 0}));
  RetentionRules tight;
  tight.log_bytes = 250;
  EXPECT_EQ(Prune(tight).logs, 2);
  EXPECT_EQ(logs_.logs.size(), 2U);
  EXPECT_TRUE(logs_.logs.contains({1, 0}));
  EXPECT_TRUE(logs_.logs.contains({5, 0}));
}

INSTANTIATE_TEST_SUITE_P(Engines, RetentionTest, testing::Values("sqlite", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace
