#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/byte_reader.h"

namespace millrace {

/// Bytes in memory as a stream. They are borrowed. One thread.
class ViewReader final : public ByteReader {
 public:
  explicit ViewReader(std::string_view text) : left_(text) {}

  Result<int64_t> Read(char* out, int64_t size) override {
    const size_t taken = std::min(left_.size(), static_cast<size_t>(size));
    std::memcpy(out, left_.data(), taken);
    left_.remove_prefix(taken);
    return static_cast<int64_t>(taken);
  }

 private:
  std::string_view left_;
};

}  // namespace millrace
