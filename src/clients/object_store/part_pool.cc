#include "clients/object_store/part_pool.h"

namespace millrace {

PartPool::~PartPool() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void PartPool::Run(std::function<void()> job) {
  std::unique_lock lock(mutex_);
  if (threads_.empty()) {
    num_idle_ = num_threads_;
    for (int i = 0; i < num_threads_; ++i) {
      threads_.emplace_back([this](std::stop_token stop) { Work(stop); });
    }
  }
  changed_.wait(lock, [this] { return num_idle_ > 0; });
  --num_idle_;
  taken_over_.push_back(std::move(job));
  changed_.notify_all();
}

void PartPool::Work(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  // Ends: the stop token; what was taken over is done first.
  while (changed_.wait(lock, stop, [this] { return !taken_over_.empty(); }) ||
         !taken_over_.empty()) {
    auto job = std::move(taken_over_.back());
    taken_over_.pop_back();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    ++num_idle_;
    changed_.notify_all();
  }
}

}  // namespace millrace
