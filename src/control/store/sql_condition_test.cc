#include "control/store/sql_condition.h"

#include "control/store/latest_jobs.h"
#include "control/store/tags.h"
#include "control/store/testing/two_connections.h"

namespace millrace {
namespace {

/// More than either engine has parameters for in one statement (PostgreSQL: 65,535).
constexpr size_t kMany = 70'000;

class SqlConditionTest : public TwoConnections {};

/// "b", and so many texts that no row has.
std::vector<std::string> ManyWith(const std::string& wanted) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < kMany; ++i) texts.push_back(fmt::format("none {}", i));
  texts.insert(texts.end(), {wanted, wanted, "\"it's\"\\", "Zoë", std::string("b\0c", 3)});
  return texts;
}

TEST_P(SqlConditionTest, AListIsOneParameterHoweverLong) {
  Write([&](SqlTransaction& t) -> Status {
    SqlCondition condition(t);
    condition.AndIn("connection.id", ManyWith("b"));
    EXPECT_EQ(condition.parameters().size(), 1U);
    MR_ASSIGN_OR_RETURN(const auto rows,
                        t.Query("SELECT id FROM connection WHERE 1 = 1" + condition.text(),
                                condition.parameters()));
    EXPECT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows.at(0).Text(0), "b");
    return Status::Ok();
  });
}

TEST_P(SqlConditionTest, AnyTextStandsForItself) {
  for (const std::string text : {"\"it's\"\\", "Zoë 🦀", ":1 {} %", ""}) {
    Write([&](SqlTransaction& t) -> Status {
      for (const auto& texts : {std::vector{text}, std::vector<std::string>{text, "other"}}) {
        SqlCondition condition(t);
        const std::string column = "CAST(" + condition.Next(text) + " AS TEXT)";
        condition.AndIn(column, texts);
        MR_ASSIGN_OR_RETURN(
            const auto rows,
            t.Query("SELECT 'found' WHERE 1 = 1" + condition.text(), condition.parameters()));
        EXPECT_EQ(rows.size(), 1U) << text;
      }
      return Status::Ok();
    });
  }
}

TEST_P(SqlConditionTest, FiltersTakeLongLists) {
  Write([&](SqlTransaction& t) -> Status {
    MR_RETURN_IF_ERROR(InsertTag(t, {"t", "w", "night", "75DCFF"}));
    MR_RETURN_IF_ERROR(SetTagsOfConnection(t, "a", {"t"}));
    ConnectionFilter filter;
    filter.ids = ManyWith("a");
    filter.tag_ids = ManyWith("t");
    filter.workspace_ids = ManyWith("w");
    filter.source_definition_ids = ManyWith("d1");
    filter.statuses = {"active", "inactive"};
    MR_ASSIGN_OR_RETURN(const auto found, ListConnections(t, filter, kEveryConnection));
    EXPECT_EQ(found.size(), 1U);
    MR_ASSIGN_OR_RETURN(const auto latest, LatestJobs(t, ManyWith("a"), {"sync", "refresh"}, {}));
    EXPECT_TRUE(latest.empty());
    filter.statuses = {"inactive", "locked"};
    MR_ASSIGN_OR_RETURN(const auto none, ListConnections(t, filter, kEveryConnection));
    EXPECT_TRUE(none.empty());
    return Status::Ok();
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, SqlConditionTest, testing::Values("sqlite", "postgres"),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace millrace
