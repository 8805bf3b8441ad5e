#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace {

/// Something that has work to do on a writer thread.
class WriterTask {
 public:
  virtual ~WriterTask() = default;
  /// Does some of it; true: there is more. Never called by two threads at a time.
  virtual bool RunSome() = 0;
};

/// A fixed number of threads for however many streams: a task is scheduled while it has work, runs
/// on one thread at a time and goes to the end of the line after each turn. Thread-safe.
class WriterPool {
 public:
  explicit WriterPool(int threads);
  /// Waits for the turns under way; tasks still in line are not run.
  ~WriterPool();
  WriterPool(const WriterPool&) = delete;
  WriterPool& operator=(const WriterPool&) = delete;

  /// Puts the task in line. The task sees to it that it stands there once only, and outlives the
  /// pool.
  void Schedule(WriterTask* task);

 private:
  void RunLoop();

  std::mutex mutex_;
  std::condition_variable scheduled_;
  std::deque<WriterTask*> line_;  // guarded by mutex_
  bool closed_ = false;           // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace millrace
