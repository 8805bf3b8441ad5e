#include "clients/object_store/local_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file_io.h"
#include "base/uuid.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LocalStoreTest : public testing::Test {
 protected:
  LocalStoreTest()
      : root_(std::filesystem::temp_directory_path() / ("local_store_test." + RandomUuid())) {
    auto store = OpenLocalStore(root_ / "a" / "b");
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    store_ = *std::move(store);
  }
  ~LocalStoreTest() override { std::filesystem::remove_all(root_); }

  PendingUpload Upload(const std::string& key, const std::string& content) {
    auto upload = store_->StartUpload(key);
    EXPECT_TRUE(upload.ok()) << upload.status().ToString();
    EXPECT_TRUE((*upload)->Write(content).ok());
    auto pending = (*upload)->Finish();
    EXPECT_TRUE(pending.ok()) << pending.status().ToString();
    return *pending;
  }
  std::vector<std::string> Keys(std::string_view prefix = "") {
    std::vector<std::string> keys;
    auto objects = store_->List(prefix);
    EXPECT_TRUE(objects.ok()) << objects.status().ToString();
    for (const ObjectInfo& object : *objects) keys.push_back(object.key);
    return keys;
  }

  const std::filesystem::path root_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(LocalStoreTest, UploadsAreHiddenUntilCompleteAndCompleteRepeats) {
  const PendingUpload upload = Upload("x/y.parquet", "hello");
  EXPECT_THAT(Keys(), IsEmpty());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
    EXPECT_NE(entry.path().extension(), ".parquet");
  }
  ASSERT_TRUE(store_->Complete(upload).ok());
  ASSERT_TRUE(store_->Complete(upload).ok());
  ASSERT_TRUE(store_->Abort(upload).ok());  // too late: nothing happens
  EXPECT_THAT(Keys(), ElementsAre("x/y.parquet"));
  EXPECT_EQ(*store_->ReadRange("x/y.parquet", 1, 100), "ello");
  ASSERT_TRUE(store_->Delete({"x/y.parquet", "never/was"}).ok());
  EXPECT_FALSE(store_->Complete(upload).ok());
}

TEST_F(LocalStoreTest, AbortAndDestructionLeaveNothing) {
  const PendingUpload upload = Upload("k", "1");
  ASSERT_TRUE(store_->Abort(upload).ok());
  ASSERT_TRUE(store_->Abort(upload).ok());
  { auto unfinished = store_->StartUpload("k2"); }
  EXPECT_TRUE(std::filesystem::is_empty(root_ / "a/b/_airbyte_internal/staging"));
}

TEST_F(LocalStoreTest, AbortUploadsRemovesWhatIsNamed) {
  const PendingUpload kept = Upload("t/100%/kept", "1");
  Upload("t/100%/gone", "1");
  Upload("other/gone", "1");
  const WallTime later = Clock::System().WallNow() + std::chrono::seconds(5);
  const auto is_gone = [](const PendingUpload& upload) { return upload.key.ends_with("gone"); };
  ASSERT_TRUE(store_->AbortUploads("t/", WallTime{}, is_gone).ok());  // all started later
  ASSERT_TRUE(store_->AbortUploads("t/", later, is_gone).ok());
  ASSERT_TRUE(store_->Complete(kept).ok());
  EXPECT_THAT(Keys(), ElementsAre("t/100%/kept"));
  const auto staging = root_ / "a/b/_airbyte_internal/staging";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(staging), {}), 1);
}

TEST_F(LocalStoreTest, AbortUploadsFindsWhatAProcessThatDiedWasPutting) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit nothing{0, 0};
    ::setrlimit(RLIMIT_FSIZE, &nothing);  // the first byte written is the last thing it does
    (void)store_->Put("t/manifest", "text", {}).ok();
    ::_exit(0);
  }
  int result = 0;
  ASSERT_EQ(::waitpid(child, &result, 0), child);
  ASSERT_TRUE(WIFSIGNALED(result));
  std::vector<std::string> found;
  const auto abandoned = [&](const PendingUpload& upload) {
    found.push_back(upload.key);
    return true;
  };
  const WallTime later = Clock::System().WallNow() + std::chrono::seconds(5);
  ASSERT_TRUE(store_->AbortUploads("t/", later, abandoned).ok());
  EXPECT_THAT(found, ElementsAre("t/manifest"));
  EXPECT_TRUE(std::filesystem::is_empty(root_ / "a/b/_airbyte_internal/staging"));
}

TEST_F(LocalStoreTest, PutKeepsItsConditions) {
  const PutCondition if_absent{PutCondition::Kind::kIfAbsent, ""};
  EXPECT_EQ(*store_->Put("f/m", "1", if_absent), PutOutcome::kWritten);
  EXPECT_EQ(*store_->Put("f/m", "2", if_absent), PutOutcome::kConditionFailed);
  auto info = store_->Head("f/m");
  ASSERT_TRUE(info.ok());
  ASSERT_NE(*info, nullptr);
  const PutCondition if_match{PutCondition::Kind::kIfMatch, (*info)->etag};
  EXPECT_EQ(*store_->Put("f/m", "3", if_match), PutOutcome::kWritten);
  EXPECT_EQ(*store_->Put("f/m", "4", if_match), PutOutcome::kConditionFailed);
  EXPECT_EQ(*store_->ReadRange("f/m", 0, 9), "3");
  EXPECT_EQ(*store_->Put("f/m", "5"), PutOutcome::kWritten);
  EXPECT_EQ(*store_->ReadRange("f/m", 0, 9), "5");
}

TEST_F(LocalStoreTest, ListsByPrefixOfKeysNotOfFolders) {
  for (const char* key : {"t/a1", "t/a2/x", "t/b", "u"}) ASSERT_TRUE(store_->Put(key, "").ok());
  EXPECT_THAT(Keys("t/a"), ElementsAre("t/a1", "t/a2/x"));
  EXPECT_THAT(Keys("t/"), ElementsAre("t/a1", "t/a2/x", "t/b"));
  EXPECT_THAT(Keys("none/"), IsEmpty());
  EXPECT_EQ(*store_->Head("t"), nullptr);
}

TEST_F(LocalStoreTest, KeysCannotLeaveTheRoot) {
  for (const char* key : {"../x", "a/../../x", "/etc/x"}) {
    EXPECT_FALSE(store_->Put(key, "").ok()) << key;
    EXPECT_FALSE(store_->StartUpload(key).ok()) << key;
  }
}

TEST_F(LocalStoreTest, AFolderThatCannotBeMadeIsTheUsersToMend) {
  ASSERT_TRUE(store_->Put("file", "").ok());
  auto store = OpenLocalStore(root_ / "a/b/file/below");
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.status().error().type, FailureType::kConfigError);
}

}  // namespace
}  // namespace millrace
