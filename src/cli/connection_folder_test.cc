#include "cli/connection_folder.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace millrace {
namespace {

using ::testing::HasSubstr;

class ConnectionFolderTest : public ::testing::Test {
 protected:
  ConnectionFolderTest()
      : data_dir_(std::filesystem::path(::testing::TempDir()) /
                  ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(data_dir_);
  }
  const std::filesystem::path data_dir_;
};

TEST_F(ConnectionFolderTest, KeepsOthersOutAndNamesTheHolder) {
  {
    const auto held = ConnectionFolder::Open(data_dir_, "shop");
    ASSERT_TRUE(held.ok()) << held.status().ToString();
    const auto second = ConnectionFolder::Open(data_dir_, "shop");
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(second.status().ToString(), HasSubstr(std::to_string(::getpid())));
    EXPECT_TRUE(ConnectionFolder::Open(data_dir_, "other").ok());
  }
  EXPECT_TRUE(ConnectionFolder::Open(data_dir_, "shop").ok());
}

TEST_F(ConnectionFolderTest, WaitsForTheAttemptOfADeadHolder) {
  // A process takes the lock and dies; its child keeps the inherited lock a moment longer.
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto held = ConnectionFolder::Open(data_dir_, "shop");
    if (held.ok() && ::fork() == 0) {
      ::usleep(300'000);
      ::_exit(0);
    }
    ::_exit(held.ok() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(holder, &status, 0), holder);
  ASSERT_EQ(status, 0);
  const auto opened = ConnectionFolder::Open(data_dir_, "shop");
  EXPECT_TRUE(opened.ok()) << opened.status().ToString();
}

TEST_F(ConnectionFolderTest, MakesOneFolderOfAnyName) {
  EXPECT_EQ(ConnectionFolder::PathOf("d", "shop_1-a.b").string(), "d/shop_1-a.b");
  EXPECT_EQ(ConnectionFolder::PathOf("d", "../a b").string(), "d/%2E.%2Fa%20b");
  EXPECT_EQ(DataDirOf("x", "dir/f.yaml").string(), "x");
  EXPECT_TRUE(DataDirOf("", "dir/f.yaml").string().ends_with("/dir/.millrace"));
}

}  // namespace
}  // namespace millrace
