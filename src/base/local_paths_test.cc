#include "base/local_paths.h"

#include <gmock/gmock.h>

#include <fstream>

#include "base/uuid.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

/// Rules are of a process for good: this is the one test of them in its program.
TEST(LocalPaths, LieBelowTheFolderOfFilesOnceThereIsOne) {
  EXPECT_EQ(*ResolveLocalPath("/etc/passwd"), "/etc/passwd") << "the command line has no rule";
  EXPECT_EQ(*ResolveLocalPath("a.csv"), "a.csv");

  const fs::path root = fs::temp_directory_path() / ("local_paths_test." + RandomUuid());
  const fs::path files = root / "files";
  ASSERT_TRUE(ConfineLocalPaths(files).ok());
  fs::create_directories(files / "in");
  fs::create_directories(root / "files_of_others");
  fs::create_symlink("/etc", files / "out");
  fs::create_symlink(files / "in", files / "inside");
  const fs::path real = fs::canonical(files);
  const std::pair<fs::path, fs::path> allowed[] = {{"a.csv", real / "a.csv"},
                                                   {files / "in/new/a.csv", real / "in/new/a.csv"},
                                                   {files / "inside/a.csv", real / "in/a.csv"},
                                                   {files / "in/../b.csv", real / "b.csv"},
                                                   {"/local/json_data", real / "json_data"},
                                                   {"/local", real},
                                                   {files, real}};
  for (const auto& [given, resolved] : allowed) {
    const auto path = ResolveLocalPath(given);
    ASSERT_TRUE(path.ok()) << given << ": " << path.status().ToString();
    EXPECT_EQ(path->lexically_normal(), resolved.lexically_normal()) << given;
  }
  for (const fs::path& given :
       {fs::path("/etc/passwd"), fs::path("../secret.key"), files / "../secret.key",
        files / "out/passwd", root / "files_of_others/a.csv", fs::path("/local/../etc/passwd"),
        fs::path("/local/../../../../../../../etc/passwd"), fs::path("/locality/a.csv"), root,
        fs::path("/proc/self/environ")}) {
    const auto path = ResolveLocalPath(given);
    ASSERT_TRUE(path.status().failed()) << given << " was resolved to " << *path;
    EXPECT_EQ(path.status().error().type, FailureType::kConfigError);
    EXPECT_THAT(path.status().ToString(), HasSubstr("lies outside of the folder"));
  }
  fs::remove_all(root);
}

}  // namespace
}  // namespace millrace
