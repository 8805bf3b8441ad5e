#pragma once

#include <cstdint>

#include "base/result.h"

namespace millrace {

/// A stream of bytes read from front to back: a file, an HTTP body, an object, what a decompressor
/// makes of another reader. One thread.
class ByteReader {
 public:
  virtual ~ByteReader() = default;

  /// Reads up to `size` bytes into `out` and returns how many; 0 at the end, and only there.
  /// Blocks for I/O, with the deadlines of whoever made the reader.
  virtual Result<int64_t> Read(char* out, int64_t size) = 0;
};

}  // namespace millrace
