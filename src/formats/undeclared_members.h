#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace millrace {

/// Members of one JSON object that nobody declared, kept as they are written. Slices of its text,
/// which outlives them until Clear. One thread.
class UndeclaredMembers {
 public:
  /// `raw_key` as between its quotes. Of a key that comes twice the last value counts.
  void Add(std::string_view raw_key, std::string_view value) {
    const auto [known, fresh] = places_.try_emplace(raw_key, members_.size());
    if (fresh) {
      members_.emplace_back(raw_key, value);
    } else {
      members_[known->second].second = value;
    }
  }
  bool empty() const { return members_.empty(); }
  void Clear() {
    if (members_.empty()) return;
    members_.clear();
    places_.clear();
  }
  /// An object of them, in the order in which they came. Valid until the next call.
  std::string_view Object();

 private:
  std::vector<std::pair<std::string_view, std::string_view>> members_;
  std::unordered_map<std::string_view, size_t> places_;
  std::string text_;
};

}  // namespace millrace
