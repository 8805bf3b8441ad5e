#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/result.h"

namespace millrace {

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
    CopySmall(data_ + size_, bytes, static_cast<size_t>(size));
    size_ += size;
  }

  /// The first `size` bytes as a buffer; starts anew.
  Result<std::shared_ptr<arrow::Buffer>> Finish(int64_t size);

 private:
  /// memcpy without the call for the short texts that most are: two words that may overlap.
  static void CopySmall(uint8_t* to, const char* from, size_t size) {
    if (size > 16) {
      std::memcpy(to, from, size);
    } else if (size >= 8) {
      CopyEnds<uint64_t>(to, from, size);
    } else if (size >= 4) {
      CopyEnds<uint32_t>(to, from, size);
    } else {
      for (size_t i = 0; i < size; ++i) to[i] = static_cast<uint8_t>(from[i]);
    }
  }
  template <typename Word>
  static void CopyEnds(uint8_t* to, const char* from, size_t size) {
    Word first, last;
    std::memcpy(&first, from, sizeof(Word));
    std::memcpy(&last, from + size - sizeof(Word), sizeof(Word));
    std::memcpy(to, &first, sizeof(Word));
    std::memcpy(to + size - sizeof(Word), &last, sizeof(Word));
  }

  Status Grow(int64_t extra);

  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  uint8_t* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace millrace
