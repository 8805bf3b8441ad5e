#include "lake/writer_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/uuid.h"
#include "clients/object_store/local_store.h"
#include "lake/testing/leased_store.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class WriterLockTest : public testing::Test {
 protected:
  WriterLockTest()
      : root_(std::filesystem::temp_directory_path() / ("writer_lock_test." + RandomUuid())),
        atomic_(*OpenLocalStore(root_)),
        leased_(*OpenLocalStore(root_)) {}
  ~WriterLockTest() override { std::filesystem::remove_all(root_); }

  static Result<std::unique_ptr<WriterLock>> Take(ObjectStore& store, const std::string& connection,
                                                  int64_t token, const std::string& table = "t/") {
    return WriterLock::Take(store, "locks/", {connection, token, {table}});
  }

  const std::filesystem::path root_;
  std::unique_ptr<ObjectStore> atomic_;
  LeasedStore leased_;
};

TEST_F(WriterLockTest, AnAtomicStoreNeedsNone) {
  auto first = Take(*atomic_, "a", 1);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_FALSE((*first)->leased());
  EXPECT_TRUE(Take(*atomic_, "b", 1).ok());
  EXPECT_THAT(*atomic_->List("locks/"), SizeIs(0));
}

TEST_F(WriterLockTest, OnALeasedStoreTheSecondIsRefused) {
  auto first = Take(leased_, "a", 1);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_TRUE((*first)->leased());
  EXPECT_TRUE(Take(leased_, "b", 9, "another/").ok());
  const Status refused = Take(leased_, "b", 9).status();
  EXPECT_EQ(refused.error().type, FailureType::kTransientError);
  EXPECT_THAT(refused.ToString(), HasSubstr("connection a"));
  EXPECT_TRUE((*first)->Check().ok());
  first->reset();
  EXPECT_THAT(*leased_.List("locks/"), SizeIs(0));
  EXPECT_TRUE(Take(leased_, "b", 9).ok());
}

TEST_F(WriterLockTest, ANewerAttemptOfTheSameConnectionTakesOver) {
  auto first = Take(leased_, "a", 1);
  ASSERT_TRUE(first.ok());
  auto second = Take(leased_, "a", 2);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_TRUE((*second)->Check().ok());
  EXPECT_THAT((*first)->Check().ToString(), HasSubstr("newer attempt"));
  EXPECT_FALSE(Take(leased_, "a", 1).ok());  // an older one does not
}

TEST_F(WriterLockTest, ALockThatWasNotRenewedHoldsNothing) {
  auto first = Take(leased_, "a", 1);
  ASSERT_TRUE(first.ok());
  const std::string key = (*leased_.List("locks/"))[0].key;
  std::filesystem::last_write_time(
      root_ / key, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(61));
  EXPECT_TRUE(Take(leased_, "b", 1).ok());
}

}  // namespace
}  // namespace millrace
