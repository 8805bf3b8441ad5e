#include "pipeline/writer_pool.h"

namespace millrace {

WriterPool::WriterPool(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { RunLoop(); });
}

WriterPool::~WriterPool() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  scheduled_.notify_all();
  threads_.clear();  // joins
}

void WriterPool::Schedule(WriterTask* task) {
  {
    std::lock_guard lock(mutex_);
    line_.push_back(task);
  }
  scheduled_.notify_one();
}

void WriterPool::RunLoop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    scheduled_.wait(lock, [&] { return closed_ || !line_.empty(); });
    if (closed_) return;
    WriterTask* task = line_.front();
    line_.pop_front();
    lock.unlock();
    const bool more = task->RunSome();
    lock.lock();
    if (more) {
      line_.push_back(task);
      scheduled_.notify_one();
    }
  }
}

}  // namespace millrace
