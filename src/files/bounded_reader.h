#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "base/byte_reader.h"

namespace millrace {

/// The first `size` bytes of what it owns; -1: all of it.
class BoundedReader : public ByteReader {
 public:
  BoundedReader(std::unique_ptr<ByteReader> reader, int64_t size)
      : reader_(std::move(reader)), left_(size) {}

  Result<int64_t> Read(char* out, int64_t size) override {
    if (left_ >= 0) size = std::min(size, left_);
    if (size == 0) return int64_t{0};
    MR_ASSIGN_OR_RETURN(const int64_t got, reader_->Read(out, size));
    if (left_ >= 0) left_ -= got;
    return got;
  }

 private:
  const std::unique_ptr<ByteReader> reader_;
  int64_t left_;
};

}  // namespace millrace
