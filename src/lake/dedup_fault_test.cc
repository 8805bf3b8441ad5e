#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "lake/testing/dedup_fixture.h"

namespace millrace {
namespace {

using Fault = FailingStore::Fault;

/// A merge that updates, adds, deletes and empties a file, interrupted at one request.
class DedupFaultTest : public DedupTest, public testing::WithParamInterface<Fault> {
 protected:
  DedupFaultTest() {
    dedup_.file_bytes = 1;
    context_.lanes = 2;
    schema_ = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("v", arrow::utf8()),
                             arrow::field("_ab_cdc_deleted_at", arrow::utf8())});
  }
  static constexpr const char* kChanges =
      R"([[1, "A", null], [3, "C", null], [5, null, "x"], [7, "new", null], [7, "newer", null]])";

  /// The sync that is interrupted, and how far it came.
  Status Interrupted(int requests) {
    MR_RETURN_IF_ERROR(TryOpen(3));
    auto writer = load_->OpenWriter(stream(), schema_, 0);
    MR_RETURN_IF_ERROR(writer.status());
    writer_ = *std::move(writer);
    store_->FailAfter(requests, GetParam());
    MR_RETURN_IF_ERROR(writer_->Write(Rows(kChanges)));
    MR_RETURN_IF_ERROR(Commit(4));
    MR_RETURN_IF_ERROR(Finish());
    return load_->Close();
  }
  void CheckKeys(int requests) {
    std::map<std::string, int> times;
    for (const std::string& line : Seen()) ++times[line.substr(0, 1)];
    for (const auto& [key, count] : times) EXPECT_EQ(count, 1) << key << " at " << requests;
    for (const char* key : {"1", "2", "3", "4"}) EXPECT_TRUE(times.contains(key)) << requests;
  }
};

TEST_P(DedupFaultTest, AtEachRequestOfAMerge) {
  bool failed = true;
  int requests = 0;
  for (; failed && !HasFailure(); ++requests) {
    ASSERT_LT(requests, 1000);
    writer_.reset();
    load_.reset();
    std::filesystem::remove_all(root_);
    context_.fencing_token = 0;
    Sync(1, R"([[1, "a", null], [2, "b", null]])");
    Sync(2, R"([[3, "c", null], [4, "d", null]])");
    Sync(3, R"([[5, "e", null]])");
    const Status status = Interrupted(requests);
    failed = store_->failed();
    if (failed && load_ != nullptr && GetParam() != Fault::kGone) {
      // The process lives, and gives up as RunSync does.
      writer_.reset();
      (void)Finish(StreamStatus::kIncomplete).ok();
      (void)load_->Close().ok();
    }
    EXPECT_TRUE(failed || status.ok()) << status.ToString();
    CheckKeys(requests);
    // The state was saved or not; either way the next sync ends where an undisturbed one does.
    context_.started_at = std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now() + std::chrono::seconds(1));
    if (requests % 2 == 0) {
      Sync(4, kChanges);
    } else {
      Begin(4);
      Put(kChanges);
      CommitAndFinish(5);
    }
    EXPECT_THAT(Seen(), testing::ElementsAre("1 A null", "2 b null", "3 C null", "4 d null",
                                             "7 newer null"))
        << requests;
    EXPECT_EQ(StagedChanges(), 0U) << requests;
    EXPECT_EQ(StagedFiles(), 0U) << requests;
  }
  EXPECT_GT(requests, 10);
}

INSTANTIATE_TEST_SUITE_P(Faults, DedupFaultTest,
                         testing::Values(Fault::kGone, Fault::kOnce, Fault::kAfterItsEffect));

}  // namespace
}  // namespace millrace
