#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"

namespace millrace {

/// Notices an API that has the same page for every request: it doesn't heed what it is asked for,
/// and Airbyte would read it for ever. One slice's; one thread.
class RepeatedPages {
 public:
  /// How often the same reply in a row is no chance any more.
  static constexpr int kRowMax = 100;

  /// To be told of every page. True: it was the same for kRowMax times, with records each time.
  bool Add(std::string_view body, int64_t records) {
    const uint64_t hash = HashBytes(body);
    row_ = records > 0 && hash == last_ ? row_ + 1 : 1;
    last_ = hash;
    return row_ >= kRowMax;
  }

 private:
  uint64_t last_ = 0;
  int row_ = 0;
};

}  // namespace millrace
