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
    std::memcpy(data_ + size_, bytes, static_cast<size_t>(size));
    size_ += size;
  }

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
