#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "protocol/json_field.h"

namespace millrace {

/// What an attempt has to tell while nobody listens: its log lines, up to a bound, and of progress
/// the newest of each stream. Not thread-safe: its channel guards it.
class ChannelBacklog {
 public:
  static constexpr int64_t kLogBytesMax = 1 << 20;

  /// Keeps a message that is only told. Beyond the bound the oldest log lines go.
  void Add(const Json& message);

  /// Everything, in order, log lines first; a line of its own says how many others were dropped.
  std::vector<JsonValue> Take();

 private:
  struct Line {
    JsonValue message;
    int64_t bytes = 0;
  };

  std::deque<Line> log_;
  int64_t log_bytes_ = 0;
  int64_t dropped_ = 0;
  std::map<std::string, JsonValue> progress_;  // by stream
};

}  // namespace millrace
