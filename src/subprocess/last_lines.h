#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Cuts what a program says into lines, hands on each, and keeps the last ones for whoever has to
/// explain its end. However much comes, it holds at most kLinesMax lines of kLineBytesMax bytes:
/// the rest of a longer line is left out. One thread at a time.
class LastLines {
 public:
  static constexpr size_t kLinesMax = 20;
  static constexpr size_t kLineBytesMax = 8 << 10;

  /// `on_line` may be empty.
  explicit LastLines(std::function<void(std::string_view line)> on_line)
      : on_line_(std::move(on_line)) {}

  void Append(std::string_view text);
  /// What came after the last line break is a line too.
  void End();

  /// Oldest first; empty lines are none.
  std::vector<std::string> lines() const { return {lines_.begin(), lines_.end()}; }

 private:
  void Grow(std::string_view part);
  void Take();

  const std::function<void(std::string_view line)> on_line_;
  std::string line_;
  bool cut_ = false;
  std::deque<std::string> lines_;
};

}  // namespace millrace
