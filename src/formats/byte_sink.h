#pragma once

#include <string_view>

#include "base/status.h"

namespace millrace {

/// Where a file writer puts its bytes, front to back: an upload of `lake`, a buffer of a test.
/// Outlives the writer. One thread.
class ByteSink {
 public:
  virtual ~ByteSink() = default;

  /// Takes all of `bytes`; blocks for I/O.
  virtual Status Write(std::string_view bytes) = 0;
};

}  // namespace millrace
