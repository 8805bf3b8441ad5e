#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace millrace {

/// Counts the requests between their coming and the end of their reply, for whoever stops the
/// server. Changed by the io thread only; any thread may wait.
class RequestsInHand {
 public:
  /// One of them, for as long as it lives.
  class One {
   public:
    explicit One(RequestsInHand& all) : all_(all) { all_.Change(+1); }
    ~One() { all_.Change(-1); }
    One(const One&) = delete;
    One& operator=(const One&) = delete;

   private:
    RequestsInHand& all_;
  };

  /// On the io thread.
  size_t count() const { return count_; }

  /// Blocks until there is none, at most `limit`.
  void WaitForNone(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, limit, [this] { return count_ == 0; });
  }

 private:
  void Change(int by) {
    {
      const std::lock_guard lock(mutex_);
      count_ += static_cast<size_t>(by);
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t count_ = 0;  // changed under mutex_
};

}  // namespace millrace
