#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// A message as the protocol has it on a line, the line's end included.
std::string MessageLine(const Json& message);

/// Standard output as a place for protocol messages, whole lines at a time. Thread-safe.
class ProtocolOutput {
 public:
  /// Writes whole lines. A system error when nobody reads any more. Blocks while the reader is
  /// busy.
  Status WriteLines(std::string_view lines);
  /// One message, as it is: names, schemas and numbers that others reckon with. A failure is found
  /// by the next WriteLines.
  void WriteMessage(const Json& message);
  /// One message of words for people, with secrets struck out.
  void WriteWords(const Json& message);
  /// A CONTROL message: what a connector's configuration is from now on, tokens and all. Fails as
  /// WriteLines does.
  Status WriteConfig(const Json& config);
  /// A TRACE message of type ERROR, of now.
  void WriteError(const Error& error);
  /// The same of a status that is not ok. Returns what the program ends with: 1.
  int Fail(const Status& status);

 private:
  std::mutex mutex_;
};

}  // namespace millrace
