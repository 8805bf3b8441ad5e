#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/json.h"
#include "protocol/state.h"

namespace millrace {

/// Holds the states of one reading against each other and against the records that came before
/// them, as platforms do. One thread.
class StateChecks {
 public:
  /// What is wrong with `state` after those before it; null when nothing is. `message` is what it
  /// was read from, `came` how many records did since the state before (of its stream; of all for
  /// one that is not a stream's): when its sourceStats.recordCount is another number, a warning
  /// says so, once a stream.
  const char* Take(const StateMessage& state, const Json& message, int64_t came);

 private:
  void Compare(const std::string& what, int64_t came, const Json& message);

  std::set<std::string> warned_;
  bool stream_seen_ = false, global_seen_ = false, legacy_seen_ = false;
};

}  // namespace millrace
