#include "connector/block_pool.h"

#include <arrow/buffer.h>
#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace millrace {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(BlockPool, GivesAFreedBlockAgain) {
  constexpr int64_t kSize = 1'000'003;
  uint8_t* first = nullptr;
  ASSERT_TRUE(BlockPool()->Allocate(kSize, &first).ok());
  BlockPool()->Free(first, kSize);
  uint8_t* second = nullptr;
  ASSERT_TRUE(BlockPool()->Allocate(kSize - 2, &second).ok());
  EXPECT_EQ(first, second);
  BlockPool()->Free(second, kSize - 2);
  BlockPool()->ReleaseUnused();
}
#endif

TEST(BlockPool, KeepsTheBytesOfABufferThatGrowsAndShrinks) {
  auto buffer = arrow::AllocateResizableBuffer(10, BlockPool()).ValueOrDie();
  std::memcpy(buffer->mutable_data(), "0123456789", 10);
  for (const int64_t size : {100, 40'000, 50'000, 3'000'000, 33'000, 20, 70'000, 10}) {
    ASSERT_TRUE(buffer->Resize(size, /*shrink_to_fit=*/true).ok());
    ASSERT_EQ(std::memcmp(buffer->data(), "0123456789", 10), 0) << size;
    buffer->mutable_data()[size - 1] = buffer->data()[size - 1];
  }
}

TEST(BlockPool, CountsWhatIsAllocated) {
  const int64_t before = BlockPool()->bytes_allocated();
  auto buffer = arrow::AllocateResizableBuffer(100'000, BlockPool()).ValueOrDie();
  EXPECT_GE(BlockPool()->bytes_allocated(), before + 100'000);
  buffer.reset();
  EXPECT_EQ(BlockPool()->bytes_allocated(), before);
}

TEST(BlockPool, ServesManyThreads) {
  std::vector<std::jthread> threads;
  for (uint8_t mark = 1; mark <= 4; ++mark) {
    threads.emplace_back([mark] {
      for (int64_t round = 0; round < 200; ++round) {
        const int64_t size = (round * 7919) % 300'000 + 1;
        auto buffer = arrow::AllocateBuffer(size, BlockPool()).ValueOrDie();
        std::memset(buffer->mutable_data(), mark, static_cast<size_t>(size));
        EXPECT_EQ(buffer->data()[size / 2], mark);
        EXPECT_EQ(buffer->data()[size - 1], mark);
      }
    });
  }
}

}  // namespace
}  // namespace millrace
