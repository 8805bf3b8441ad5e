#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// JSON documents, one a line, over a descriptor that it owns (a socket, or a file to read from).
/// Empty lines say only that the other side lives.
/// Any thread may write; one reads.
class JsonLineSocket {
 public:
  /// No line is longer: the catalog of a hundred thousand streams fits.
  static constexpr size_t kLineBytesMax = 1 << 30;

  explicit JsonLineSocket(int fd) : fd_(fd) {}
  ~JsonLineSocket();
  JsonLineSocket(const JsonLineSocket&) = delete;
  JsonLineSocket& operator=(const JsonLineSocket&) = delete;

  int fd() const { return fd_; }

  /// Blocks until all is handed to the system. A system error when the other side is gone.
  Status Write(const Json& document);

  /// A line that was read already; empty: read more.
  Result<std::optional<Json>> Next();
  /// Reads what is there; blocks when nothing is. False at the end.
  Result<bool> ReadSome();
  /// The next line, however long it takes; empty at the end.
  Result<std::optional<Json>> Read();

  /// Makes a read that blocks in another thread return the end.
  void ShutDown();

 private:
  const int fd_;
  std::mutex write_mutex_;
  std::string buffer_;   // read, not yet taken
  size_t searched_ = 0;  // bytes of buffer_ known to hold no end of line
};

}  // namespace millrace
