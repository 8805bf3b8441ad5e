#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// For tests: what an attempt's channel heard. Thread-safe.
class HeardCommands {
 public:
  void Hear(std::string_view command) {
    std::lock_guard lock(mutex_);
    commands_.emplace_back(command);
    heard_.notify_all();
  }
  /// Waits until the command was heard so many times, 30 s at most.
  void Await(const std::string& command, int times = 1) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(heard_.wait_for(lock, std::chrono::seconds(30), [&] {
      return std::count(commands_.begin(), commands_.end(), command) >= times;
    })) << command;
  }
  void Clear() {
    std::lock_guard lock(mutex_);
    commands_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable heard_;
  std::vector<std::string> commands_;  // guarded by mutex_
};

}  // namespace millrace
