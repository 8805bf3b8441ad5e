#include "base/parallel_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace millrace {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParallelParts, EachPartIsDoneOnce) {
  for (const int threads : {1, 3, 200}) {
    std::vector<int> times(100);  // none is touched by two threads
    const Status status = TryEachPart(100, threads, [&](int64_t part) {
      ++times[static_cast<size_t>(part)];
      return Status::Ok();
    });
    EXPECT_TRUE(status.ok());
    EXPECT_THAT(times, Each(1)) << threads;
  }
  EXPECT_TRUE(TryEachPart(0, 2, [](int64_t) { return SystemError("no part"); }).ok());
}

TEST(ParallelParts, NothingBeginsAfterAFailure) {
  std::vector<int64_t> begun;
  const Status status = TryEachPart(10, 1, [&](int64_t part) {
    begun.push_back(part);
    return part == 2 ? SystemError("part {}", part) : Status::Ok();
  });
  EXPECT_THAT(status.ToString(), HasSubstr("part 2"));
  EXPECT_THAT(begun, ElementsAre(0, 1, 2));
}

TEST(ParallelParts, TheFirstOfSeveralFailuresIsTold) {
  std::atomic<int> waiting = 2;
  const Status status = TryEachPart(2, 2, [&](int64_t part) {
    --waiting;
    while (waiting > 0) std::this_thread::yield();  // both have begun: two threads, two parts
    return Status(SystemError("part {}", part));
  });
  EXPECT_THAT(status.ToString(), HasSubstr("part 0"));
}

}  // namespace
}  // namespace millrace
