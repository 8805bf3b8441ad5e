#include "control/store/sql_database.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "control/store/embedded_migrations.h"
#include "control/store/migrations.h"
#include "control/store/testing/each_engine.h"

namespace millrace {
namespace {

class SqlDatabaseTest : public EachEngine {
 protected:
  void SetUp() override {
    EachEngine::SetUp();
    ASSERT_TRUE(Execute("CREATE TABLE item (id BIGINT PRIMARY KEY, text TEXT)").ok());
  }
  Status Execute(const std::string& sql, const std::vector<SqlValue>& parameters = {}) {
    return database().Write(
        [&](SqlTransaction& transaction) { return transaction.Execute(sql, parameters).status(); });
  }
  std::vector<SqlRow> Query(const std::string& sql, const std::vector<SqlValue>& parameters = {}) {
    std::vector<SqlRow> rows;
    const Status read = database().Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(rows, transaction.Query(sql, parameters));
      return Status::Ok();
    });
    EXPECT_TRUE(read.ok()) << read.ToString() << read.error().internal;
    return rows;
  }
};

TEST_P(SqlDatabaseTest, ParametersAndValuesGoThereAndBack) {
  constexpr int64_t kLarge = 9'007'199'254'740'993;
  const std::string text = "it's \"quoted\"; ünïcode 🦀 :1 ?";
  ASSERT_TRUE(
      Execute("INSERT INTO item VALUES (:1, :2), (:3, :4)", {kLarge, text, int64_t{-1}, SqlValue()})
          .ok());
  const auto rows = Query("SELECT id, text, (SELECT count(*) FROM item) FROM item ORDER BY id");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].Integer(0), -1);
  EXPECT_TRUE(rows[0].IsNull(1));
  EXPECT_EQ(rows[1].Integer(0), kLarge);
  EXPECT_EQ(rows[1].Text(1), text);
  EXPECT_EQ(rows[1].Integer(2), 2);
  EXPECT_EQ(Query("SELECT id FROM item WHERE text = :1", {text}).size(), 1U);
}

TEST_P(SqlDatabaseTest, FailedWorkLeavesNothing) {
  const Status failed = database().Write([](SqlTransaction& transaction) {
    EXPECT_TRUE(transaction.Execute("INSERT INTO item VALUES (1, 'a')").ok());
    return ConfigError("no");
  });
  EXPECT_EQ(failed.ToString(), "no");
  EXPECT_TRUE(Query("SELECT id FROM item").empty());
}

TEST_P(SqlDatabaseTest, TellsADuplicateKey) {
  ASSERT_TRUE(Execute("INSERT INTO item VALUES (1, 'a')").ok());
  const Status again = Execute("INSERT INTO item VALUES (1, 'b')");
  EXPECT_TRUE(IsDuplicateKey(again)) << again.error().internal;
  const Status wrong = Execute("INSERT INTO nowhere VALUES (1)");
  ASSERT_TRUE(wrong.failed());
  EXPECT_FALSE(IsDuplicateKey(wrong));
}

TEST_P(SqlDatabaseTest, CountsAreExactUnderConcurrency) {
  ASSERT_TRUE(Execute("INSERT INTO item VALUES (1, '0')").ok());
  constexpr int kThreads = 4;
  constexpr int kEach = 10;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([this] {
        for (int n = 0; n < kEach; ++n) {
          const Status status = database().Write([](SqlTransaction& transaction) -> Status {
            return transaction
                .Execute("UPDATE item SET text = CAST(CAST(text AS BIGINT) + 1 AS TEXT)")
                .status();
          });
          EXPECT_TRUE(status.ok()) << status.error().internal;
        }
      });
    }
  }
  EXPECT_EQ(Query("SELECT text FROM item").at(0).Text(0), std::to_string(kThreads * kEach));
}

TEST_P(SqlDatabaseTest, MigratesOnceWhoeverComes) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([this] {
        const Status status = Migrate(database());
        EXPECT_TRUE(status.ok()) << status.ToString() << status.error().internal;
      });
    }
  }
  EXPECT_EQ(Query("SELECT number FROM migration").size(), EmbeddedMigrations().size());
  EXPECT_TRUE(Migrate(database()).ok());
  ASSERT_TRUE(Execute("INSERT INTO migration VALUES (1000, 'later')").ok());
  const Status newer = Migrate(database());
  EXPECT_NE(newer.ToString().find("newer version"), std::string::npos) << newer.ToString();
}

INSTANTIATE_TEST_SUITE_P(Engines, SqlDatabaseTest, testing::Values("sqlite", "postgres"),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace millrace
