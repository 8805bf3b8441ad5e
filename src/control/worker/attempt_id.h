#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace millrace {

/// Names one attempt: the job's id in the store, and the attempt's number within the job (any
/// numbering that never repeats within a job). A plain value.
struct AttemptId {
  int64_t job = 0;
  int64_t number = 0;

  auto operator<=>(const AttemptId&) const = default;
  /// "12-0": in log lines and names of folders.
  std::string ToString() const { return std::to_string(job) + "-" + std::to_string(number); }
};

}  // namespace millrace
