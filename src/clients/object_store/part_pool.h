#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace millrace {

/// A few threads that send the parts of all uploads of a store. Whoever brings a part waits until a
/// thread is free, so no more parts are in memory here than there are threads. Thread-safe.
class PartPool {
 public:
  explicit PartPool(int num_threads) : num_threads_(num_threads) {}
  /// Every job that was brought has ended by then.
  ~PartPool();
  PartPool(const PartPool&) = delete;
  PartPool& operator=(const PartPool&) = delete;

  /// Blocks until a thread takes the job; the threads' own deadlines bound that. Starts the threads
  /// when it is called first.
  void Run(std::function<void()> job);

 private:
  void Work(std::stop_token stop);

  const int num_threads_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int num_idle_ = 0;                               // guarded by mutex_
  std::vector<std::function<void()>> taken_over_;  // guarded by mutex_; at most num_idle_ jobs
  std::vector<std::jthread> threads_;              // started under mutex_
};

}  // namespace millrace
