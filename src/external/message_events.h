#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// Hears what MessageReading does not itself make rows, states or statuses of. One thread.
class MessageEvents {
 public:
  virtual ~MessageEvents() = default;

  /// Line `number` is no message, for the reason `fault`. `cut`: what was printed ended within it.
  /// Not ok: that ends the reading.
  virtual Status TakeOtherLine(std::string_view line, int64_t number, std::string_view fault,
                               bool cut) = 0;

  /// A message of another type: LOG, CONTROL, SPEC; a TRACE of a kind that nobody needs.
  virtual Status TakeMessage(const std::string& type, const Json& message, int64_t number) = 0;

  /// What its sender says went wrong, of a stream or of all.
  virtual void TakeError(Error error) = 0;

  /// Line `number` is a message that can't be taken (a record without data, a stream that nobody
  /// asked for): the failure that ends the reading, of the type that fits whoever sent it.
  virtual Status Fault(int64_t number, std::string_view what) = 0;
};

}  // namespace millrace
