#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace millrace {

/// One bound for the buffers of all open writers together: when their sum passes it, the largest
/// is asked to write out what it holds (to close its row group). Nobody waits here: a writer
/// reports what it holds after each batch, and shrinks when told to. Thread-safe.
class MemoryBudget {
 public:
  /// One writer's buffer. Report() and ShouldShrink() are for the writer's own thread.
  class Account {
   public:
    explicit Account(MemoryBudget& budget) : budget_(budget) {}
    ~Account();
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    /// Says how many bytes the buffer holds now; may choose some account (this one, perhaps) to
    /// shrink.
    void Report(int64_t bytes);
    /// True once after this account was chosen.
    bool ShouldShrink() { return chosen_.exchange(false); }

   private:
    friend class MemoryBudget;
    MemoryBudget& budget_;
    int64_t bytes_ = 0;  // guarded by budget_.mutex_
    std::atomic<bool> chosen_ = false;
  };

  explicit MemoryBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}

  std::unique_ptr<Account> OpenAccount();
  int64_t bytes_max() const { return bytes_max_; }
  int64_t bytes_held() const;

 private:
  const int64_t bytes_max_;
  mutable std::mutex mutex_;
  std::vector<Account*> accounts_;  // guarded by mutex_
  int64_t bytes_held_ = 0;          // guarded by mutex_
};

}  // namespace millrace
