#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/status.h"

namespace millrace {

/// Takes the bytes of a COPY as they arrive, in pieces of any size. Called on the connection's
/// thread; may block: the server then waits. A failure ends the COPY with that status.
class CopySink {
 public:
  virtual ~CopySink() = default;

  /// The bytes stay where they are until the next Settle() returns: a sink may handle many pieces
  /// at once.
  virtual Status Consume(const char* data, size_t size) = 0;

  /// The bytes given so far are about to be overwritten: nothing may point to them any more. Comes
  /// after the last piece, too, unless the COPY fails.
  virtual Status Settle() { return Status::Ok(); }
};

/// The server's side of one COPY … TO STDOUT, read straight from the socket (protocol 3.0, message
/// formats): finds the messages in a receive buffer and gives the payload of CopyData to the sink
/// in place, one call per message, or in pieces when a message is larger than the buffer. One
/// object serves one connection, COPY after COPY; one thread.
class CopyMessages {
 public:
  CopyMessages();

  /// Forgets everything: a new COPY begins.
  void Reset(CopySink& sink);

  /// Where the next bytes go, and how many fit (never 0).
  char* free_space() { return buffer_.get() + filled_; }
  size_t free_size() const { return kCapacity - filled_; }

  /// `size` bytes were put into free_space(): handles every whole message. System error when the
  /// bytes are not the protocol's; otherwise the sink's failure.
  Status Received(size_t size);

  /// ReadyForQuery has arrived, and no part of a message after it: the COPY is over, well or not.
  bool done() const { return done_ && filled_ == 0; }
  /// CommandComplete has arrived.
  bool complete() const { return complete_; }
  /// The server's error; ok when it sent none.
  const Status& server_error() const { return server_error_; }
  /// What the server said after the COPY, when it ended the session; ok when it did not.
  const Status& farewell() const { return farewell_; }

 private:
  // Large enough that a receive call is rare; a row that fits is never handed over in two pieces.
  static constexpr size_t kCapacity = 1 << 20;

  Status Control(char type, const char* payload, size_t size);
  static Status ParseError(const char* payload, size_t size);

  std::unique_ptr<char[]> buffer_;
  size_t filled_ = 0;
  size_t data_left_ = 0;  // of a CopyData larger than the buffer
  CopySink* sink_ = nullptr;
  bool done_ = false;
  bool complete_ = false;
  Status server_error_;
  Status farewell_;
};

}  // namespace millrace
