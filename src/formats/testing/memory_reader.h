#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/byte_reader.h"

namespace millrace {

/// A text as a stream that gives out at most `chunk` bytes at a time.
class MemoryReader : public ByteReader {
 public:
  explicit MemoryReader(std::string text, int64_t chunk = 1 << 30)
      : text_(std::move(text)), chunk_(chunk) {}

  Result<int64_t> Read(char* out, int64_t size) override {
    const int64_t got = std::min({size, chunk_, static_cast<int64_t>(text_.size()) - at_});
    std::memcpy(out, text_.data() + at_, static_cast<size_t>(got));
    at_ += got;
    return got;
  }

 private:
  const std::string text_;
  const int64_t chunk_;
  int64_t at_ = 0;
};

}  // namespace millrace
