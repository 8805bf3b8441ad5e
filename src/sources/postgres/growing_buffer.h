#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/result.h"

namespace millrace {

/// memcpy without the call for the short texts that most are: two or four words that may overlap.
inline void CopyText(uint8_t* to, const char* from, size_t size) {
  const auto ends = [&]<typename Word>(Word first, Word last) {
    std::memcpy(&first, from, sizeof(Word));
    std::memcpy(&last, from + size - sizeof(Word), sizeof(Word));
    std::memcpy(to, &first, sizeof(Word));
    std::memcpy(to + size - sizeof(Word), &last, sizeof(Word));
  };
  struct Words {
    uint64_t words[2];
  };
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    ends(Words(), Words());
  } else if (size >= 8) {
    ends(uint64_t{}, uint64_t{});
  } else if (size >= 4) {
    ends(uint32_t{}, uint32_t{});
  } else {
    for (size_t i = 0; i < size; ++i) to[i] = static_cast<uint8_t>(from[i]);
  }
}

/// Bytes that grow as values are appended and become an Arrow buffer without a copy. From the
/// system's allocator: what a batch freed is what the next one gets, which keeps the process small.
/// One thread.
class GrowingBuffer {
 public:
  uint8_t* data() { return data_; }
  int64_t size() const { return size_; }
  int64_t capacity() const { return capacity_; }

  /// Makes room for `capacity` bytes in all.
  Status Reserve(int64_t capacity);
  /// Makes room for `extra` more bytes; the capacity at least doubles when it grows.
  Status ReserveMore(int64_t extra) {
    return size_ + extra <= capacity_ ? Status::Ok() : Grow(extra);
  }
  /// Requires room.
  void Append(const char* bytes, int64_t size) {
    CopyText(data_ + size_, bytes, static_cast<size_t>(size));
    size_ += size;
  }
  /// After bytes were put behind the old end. Requires room.
  void set_size(int64_t size) { size_ = size; }

  /// The first `size` bytes as a buffer; starts anew.
  Result<std::shared_ptr<arrow::Buffer>> Finish(int64_t size);

 private:
  Status Grow(int64_t extra);

  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  uint8_t* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace millrace
