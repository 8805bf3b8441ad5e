#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "external/message_events.h"

namespace millrace {

/// Cuts what a connector prints into messages, for tasks that print no records (spec, check,
/// discover, write): each goes to MessageEvents, errors (TRACE ERROR) as such. MessageReading is
/// for records. One thread; made for one run.
class MessageLines {
 public:
  /// `events` outlives it. A line longer than `line_bytes_max` is a fault.
  MessageLines(MessageEvents& events, int64_t line_bytes_max)
      : events_(events), line_bytes_max_(line_bytes_max) {}

  /// Takes what came next, whole lines or not.
  Status Take(std::string_view chunk);
  /// It ended, where a last line may end too.
  Status End();

 private:
  Status TakeLine();

  MessageEvents& events_;
  const int64_t line_bytes_max_;
  std::string line_;  // begun by an earlier chunk
  int64_t line_number_ = 0;
  bool cut_ = false;  // the line that is held ended with the input
};

}  // namespace millrace
