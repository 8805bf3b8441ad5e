#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "subprocess/process_table.h"

namespace millrace {

/// Reads, again and again, how much memory some processes hold for themselves. One thread.
class MemoryGauge {
 public:
  /// How often a look is worth its time.
  static constexpr std::chrono::milliseconds kPause{100};

  using FindMembers = std::function<std::vector<ProcessEntry>()>;
  /// `find_members` is asked at every tenth look only: /proc may be long.
  explicit MemoryGauge(FindMembers find_members) : find_members_(std::move(find_members)) {}

  /// The sum of OwnMemory over the processes.
  int64_t Bytes();

 private:
  const FindMembers find_members_;
  std::vector<ProcessEntry> members_;
  int looks_ = 0;
};

}  // namespace millrace
