#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"

namespace millrace {

/// Notices an API that has the same page for every request: Airbyte would read it for ever. One
/// slice's; one thread.
class RepeatedPages {
 public:
  /// How often the same reply in a row is no chance any more: when the next request is the same,
  /// too, and when it is not (the API may ignore which page it is asked for).
  static constexpr int kSameRequestMax = 100, kOtherRequestMax = 10'000;

  /// To be told of every page. True: that was enough of the same, with records each time.
  bool Add(std::string_view body, int64_t records, bool same_request) {
    const uint64_t hash = HashBytes(body);
    row_ = records > 0 && hash == last_ ? row_ + 1 : 1;
    last_ = hash;
    return row_ >= (same_request ? kSameRequestMax : kOtherRequestMax);
  }
  int row() const { return row_; }

 private:
  uint64_t last_ = 0;
  int row_ = 0;
};

}  // namespace millrace
