#include "subprocess/scratch_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "subprocess/forced_exit.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// Beside the real folder for temporary files, which others sweep.
class ScratchFolderTest : public ::testing::Test {
 protected:
  ScratchFolderTest() { ::setenv("TMPDIR", parent_.path().c_str(), 1); }
  ~ScratchFolderTest() override { ::setenv("TMPDIR", before_.c_str(), 1); }

  /// As a process leaves it that was killed.
  fs::path MakeAbandoned(const fs::path& parent, const std::string& name) const {
    const fs::path path = parent / (ScratchFolder::kPrefix + name);
    fs::create_directory(path);
    fs::permissions(path, fs::perms::owner_all);
    std::ofstream(path / "config.json") << "{}";
    return path;
  }

  const std::string before_ = fs::temp_directory_path();
  const ScratchFolder parent_ = *ScratchFolder::Make();
};

TEST_F(ScratchFolderTest, GoesWithAllThatIsInIt) {
  fs::path path;
  {
    const ScratchFolder folder = *ScratchFolder::Make();
    path = folder.path();
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0700u);
    fs::create_directories(path / "a/b");
    std::ofstream(path / "a/b/c") << "x";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(ScratchFolderTest, TheSweepTakesWhatAKilledProcessLeft) {
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const ScratchFolder folder = *ScratchFolder::Make();
    std::ofstream(folder.path() / "config.json") << "{}";
    (void)!::write(told[1], "x", 1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(told[0], &byte, 1), 1);
  const auto count = [&] {
    return std::distance(fs::directory_iterator(parent_.path()), fs::directory_iterator());
  };
  SweepScratchFolders();
  EXPECT_EQ(count(), 1) << "it is in use";
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  SweepScratchFolders();
  EXPECT_EQ(count(), 0);
}

TEST_F(ScratchFolderTest, TheSweepLeavesWhatIsNotOurs) {
  const fs::path open_to_all = MakeAbandoned(parent_.path(), "open");
  fs::permissions(open_to_all, fs::perms(0755));
  const fs::path other_name = parent_.path() / "millrace-backup";
  fs::create_directory(other_name);
  fs::permissions(other_name, fs::perms::owner_all);
  const fs::path link = parent_.path() / (std::string(ScratchFolder::kPrefix) + "link");
  fs::create_directory_symlink(other_name, link);
  SweepScratchFolders();
  for (const fs::path& path : {open_to_all, other_name, link})
    EXPECT_TRUE(fs::exists(path)) << path;
}

TEST_F(ScratchFolderTest, AFolderWithOneInUseStays) {
  const fs::path outer = MakeAbandoned(parent_.path(), "outer");
  const fs::path left = MakeAbandoned(outer, "left");
  {
    ::setenv("TMPDIR", outer.c_str(), 1);
    const ScratchFolder used = *ScratchFolder::Make();
    SweepScratchFolders(parent_.path());
    EXPECT_TRUE(fs::exists(used.path()));
    EXPECT_FALSE(fs::exists(left));
  }
  SweepScratchFolders(parent_.path());
  EXPECT_FALSE(fs::exists(outer));
}

TEST_F(ScratchFolderTest, AForcedExitRemovesThem) {
  // All of the process: those that it was forked with, too.
  const pid_t child = ::fork();
  if (child == 0) {
    const ScratchFolder folder = *ScratchFolder::Make();
    LeaveAtOnce(fs::exists(folder.path()) ? 7 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_FALSE(fs::exists(parent_.path()));
}

}  // namespace
}  // namespace millrace
