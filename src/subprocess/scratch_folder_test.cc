#include "subprocess/scratch_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace millrace {
namespace {

TEST(ScratchFolder, GoesWithAllThatIsInIt) {
  std::filesystem::path path;
  {
    const ScratchFolder folder = *ScratchFolder::Make();
    path = folder.path();
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0700u);
    std::filesystem::create_directories(path / "a/b");
    std::ofstream(path / "a/b/c") << "x";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace millrace
