#include "control/jobs/auto_disable.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/jobs/testing/jobs_fixture.h"
#include "control/store/connection_events.h"
#include "control/store/jobs.h"

namespace millrace {
namespace {

constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;

TEST(AutoDisable, NeedsBothManyFailuresAndManyDays) {
  EXPECT_EQ(DecideAutoDisable(19, 100 * kDay), AutoDisable::kNothing);
  EXPECT_EQ(DecideAutoDisable(100, 4 * kDay - 1), AutoDisable::kNothing);
  EXPECT_EQ(DecideAutoDisable(20, 4 * kDay), AutoDisable::kWarn);
  EXPECT_EQ(DecideAutoDisable(29, 100 * kDay), AutoDisable::kWarn);
  EXPECT_EQ(DecideAutoDisable(100, 7 * kDay - 1), AutoDisable::kWarn);
  EXPECT_EQ(DecideAutoDisable(30, 7 * kDay), AutoDisable::kDisable);
}

using AutoDisableTest = JobsFixture;

TEST_P(AutoDisableTest, CountsFromTheLastSuccess) {
  const int64_t start = clock_.WallNow().time_since_epoch().count();
  const auto add = [&](const std::string& status, int64_t at) {
    Write([&](SqlTransaction& t) -> Status {
      Job job;
      job.connection_id = "a";
      job.config_type = "sync";
      job.status = status;
      job.created_at = job.updated_at = at;
      MR_RETURN_IF_ERROR(InsertJob(t, &job));
      return DisableIfOnlyFailing(t, "a", at);
    });
  };
  const auto status = [&] {
    std::string found;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(const auto connection, FindConnection(t, "a"));
      found = connection->status;
      return Status::Ok();
    });
    return found;
  };
  const auto events = [&] {
    std::vector<std::string> types;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(const auto listed, ListConnectionEvents(t, {"a", {}, {}, {}}, {}));
      for (const ConnectionEvent& event : listed) types.insert(types.begin(), event.type);
      return Status::Ok();
    });
    return types;
  };
  const std::string kWarning = "CONNECTION_DISABLED_WARNING";
  for (int i = 0; i < 19; ++i) add("failed", start + i * kDay);
  EXPECT_TRUE(events().empty());
  for (int i = 19; i < 29; ++i) add("failed", start + i * kDay);
  EXPECT_EQ(events(), std::vector{kWarning}) << "once, though every later failure deserves it";
  add("succeeded", start + 29 * kDay);
  for (int i = 30; i < 59; ++i) add("failed", start + i * kDay);
  EXPECT_EQ(status(), "active");
  EXPECT_EQ(events(), (std::vector{kWarning, kWarning})) << "again after a success";
  add("failed", start + 59 * kDay);
  EXPECT_EQ(status(), "inactive");
  EXPECT_EQ(events(), (std::vector<std::string>{kWarning, kWarning, "CONNECTION_DISABLED"}));
}

INSTANTIATE_TEST_SUITE_P(Engines, AutoDisableTest, testing::Values("sqlite", "postgres"));

}  // namespace
}  // namespace millrace
