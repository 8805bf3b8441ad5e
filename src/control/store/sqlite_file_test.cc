#include "control/store/sqlite_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/uuid.h"
#include "control/store/sql_database.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

class SqliteFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("millrace-file-" + RandomUuid());
    fs::create_directories(folder_);
    path_ = folder_ / "store.db";
    auto opened = SqlDatabase::Open("sqlite://" + path_.string(), /*connections=*/2);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    database_ = *std::move(opened);
    ASSERT_TRUE(Execute("CREATE TABLE item (id BIGINT)").ok());
  }
  void TearDown() override {
    database_.reset();
    fs::remove_all(folder_);
  }
  Status Execute(const std::string& sql, const std::function<void()>& meanwhile = {}) {
    return database_->Write([&](SqlTransaction& transaction) -> Status {
      const Status done = transaction.Execute(sql).status();
      if (meanwhile) meanwhile();
      return done;
    });
  }
  void ExpectGone(const Status& status) {
    EXPECT_NE(status.ToString().find("was moved, deleted or replaced"), std::string::npos)
        << status.ToString();
    EXPECT_EQ(status.error().type, FailureType::kTransientError);
  }

  fs::path folder_, path_;
  std::unique_ptr<SqlDatabase> database_;
};

TEST_F(SqliteFileTest, NothingIsConfirmedWhileTheFileIsElsewhere) {
  fs::rename(path_, folder_ / "elsewhere");
  ExpectGone(Execute("INSERT INTO item VALUES (1)"));
  ExpectGone(database_->Read([](SqlTransaction&) { return Status::Ok(); }));
  ExpectGone(database_->CheckThere());
  fs::rename(folder_ / "elsewhere", path_);
  EXPECT_TRUE(database_->CheckThere().ok());
  EXPECT_TRUE(Execute("INSERT INTO item VALUES (2)").ok()) << "it is back";
}

TEST_F(SqliteFileTest, AFileThatGoesInMidTransactionGetsNoCommit) {
  ExpectGone(
      Execute("INSERT INTO item VALUES (1)", [&] { fs::rename(path_, folder_ / "elsewhere"); }));
  fs::rename(folder_ / "elsewhere", path_);
  int64_t count = -1;
  ASSERT_TRUE(database_
                  ->Read([&](SqlTransaction& transaction) -> Status {
                    MR_ASSIGN_OR_RETURN(const auto rows,
                                        transaction.Query("SELECT count(*) FROM item"));
                    count = rows.at(0).Integer(0);
                    return Status::Ok();
                  })
                  .ok());
  EXPECT_EQ(count, 0);
}

TEST_F(SqliteFileTest, AnotherFileInItsPlaceIsNotIt) {
  fs::copy_file(path_, folder_ / "copy");
  fs::rename(folder_ / "copy", path_);
  ExpectGone(Execute("INSERT INTO item VALUES (1)"));
}

}  // namespace
}  // namespace millrace
