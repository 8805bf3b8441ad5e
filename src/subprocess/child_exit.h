#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// How a child process ended, and what it said last. A plain value.
struct ChildExit {
  int code = 0;    ///< its exit code, when no signal ended it
  int signal = 0;  ///< 0: none did
  /// What it used, with all that it started, when it was killed for its limit of memory; 0: it was
  /// not.
  int64_t over_limit_bytes = 0;
  /// Of its standard error, oldest first; see LastLines for the bounds. As it said them: strike
  /// secrets out before they are shown.
  std::vector<std::string> last_lines;

  bool clean() const { return code == 0 && signal == 0; }
  /// "exit code 1", "signal 11 (Segmentation fault)".
  std::string ToString() const;
  /// `last_lines` joined by line breaks.
  std::string LastWords() const;
};

/// From what waitpid gives.
ChildExit ChildExitOf(int wait_status);

}  // namespace millrace
