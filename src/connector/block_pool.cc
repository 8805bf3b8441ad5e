#include "connector/block_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <mutex>
#include <vector>

namespace millrace {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int64_t kBlockLeast = INT64_MAX;  // each allocation is to be watched on its own
#else
constexpr int64_t kBlockLeast = 16 << 10;
#endif
/// What two writers of Parquet's row groups free and take again; with less, a sync of wide rows
/// spends a tenth of its time in page faults.
constexpr int64_t kUnusedBytesMax = 80 << 20;

bool IsBlock(int64_t size) { return size >= kBlockLeast; }

/// The size of the block that serves `size` bytes: one of four between two powers of two, so that
/// buffers of about the same size share blocks. What is not touched of it takes no memory.
int64_t BlockSizeOf(int64_t size) {
  const int64_t step = std::max<int64_t>(
      4096, static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(size))) / 4);
  return (size + step - 1) / step * step;
}

class Pool : public arrow::MemoryPool {
 public:
  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    if (!IsBlock(size)) {
      ARROW_RETURN_NOT_OK(small_.Allocate(size, alignment, out));
    } else {
      ARROW_RETURN_NOT_OK(TakeBlock(BlockSizeOf(size), out));
    }
    Count(size);
    return arrow::Status::OK();
  }

  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** data) override {
    if (!IsBlock(old_size) && !IsBlock(new_size)) {
      ARROW_RETURN_NOT_OK(small_.Reallocate(old_size, new_size, alignment, data));
      Count(new_size - old_size);
      return arrow::Status::OK();
    }
    if (IsBlock(old_size) && IsBlock(new_size) && BlockSizeOf(old_size) == BlockSizeOf(new_size)) {
      Count(new_size - old_size);
      return arrow::Status::OK();
    }
    uint8_t* moved = nullptr;
    ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &moved));
    std::memcpy(moved, *data, static_cast<size_t>(std::min(old_size, new_size)));
    Free(*data, old_size, alignment);
    *data = moved;
    return arrow::Status::OK();
  }

  void Free(uint8_t* data, int64_t size, int64_t alignment) override {
    allocated_ -= size;
    if (!IsBlock(size)) return small_.Free(data, size, alignment);
    GiveBlock({data, BlockSizeOf(size)});
  }

  void ReleaseUnused() override {
    const std::lock_guard lock(mutex_);
    EvictDownTo(0);
  }

  int64_t bytes_allocated() const override { return allocated_; }
  int64_t total_bytes_allocated() const override { return total_; }
  int64_t num_allocations() const override { return allocations_; }
  std::string backend_name() const override { return "blocks"; }

 private:
  struct Block {
    uint8_t* data;
    int64_t size;
  };

  void Count(int64_t more) {
    allocated_ += more;
    if (more > 0) total_ += more;
    ++allocations_;
  }

  arrow::Status TakeBlock(int64_t size, uint8_t** out) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::find_if(unused_.rbegin(), unused_.rend(),
                                      [&](const Block& block) { return block.size == size; });
      if (found != unused_.rend()) {
        *out = found->data;
        unused_bytes_ -= size;
        unused_.erase(std::next(found).base());
        return arrow::Status::OK();
      }
    }
    void* const data = ::mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return arrow::Status::OutOfMemory("no room for ", size, " bytes");
    *out = static_cast<uint8_t*>(data);
    return arrow::Status::OK();
  }

  void GiveBlock(const Block& block) {
    const std::lock_guard lock(mutex_);
    unused_.push_back(block);
    unused_bytes_ += block.size;
    EvictDownTo(kUnusedBytesMax);
  }

  /// Requires mutex_.
  void EvictDownTo(int64_t bytes) {
    auto block = unused_.begin();
    for (; unused_bytes_ > bytes; ++block) {
      unused_bytes_ -= block->size;
      ::munmap(block->data, static_cast<size_t>(block->size));
    }
    unused_.erase(unused_.begin(), block);
  }

  arrow::MemoryPool& small_ = *arrow::system_memory_pool();
  std::atomic<int64_t> allocated_ = 0;
  std::atomic<int64_t> total_ = 0;
  std::atomic<int64_t> allocations_ = 0;
  std::mutex mutex_;
  std::vector<Block> unused_;  // guarded by mutex_; the last used at the end
  int64_t unused_bytes_ = 0;   // guarded by mutex_
};

}  // namespace

arrow::MemoryPool* BlockPool() {
  // Never destroyed: buffers may be freed while the process ends.
  static Pool* const pool = new Pool;
  return pool;
}

}  // namespace millrace
