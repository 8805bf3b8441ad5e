#include "base/parallel_parts.h"
#include "base/usable_threads.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace {
namespace {

/// Runs `run` on so many threads, the caller's among them, until all have returned.
void OnThreads(int64_t threads, const std::function<void()>& run) {
  std::vector<std::jthread> others;
  for (int64_t i = 1; i < threads; ++i) others.emplace_back(run);
  run();
}

}  // namespace

void ForEachPart(int64_t count, const std::function<void(int64_t part)>& work) {
  const int64_t cores = UsableThreads();
  std::atomic<int64_t> next = 0;
  OnThreads(std::min({cores, int64_t{kPartThreadsMax}, count}), [&] {
    for (int64_t part = next++; part < count; part = next++) work(part);
  });
}

Status TryEachPart(int64_t count, int threads, const std::function<Status(int64_t part)>& work) {
  std::atomic<int64_t> next = 0;
  std::mutex mutex;
  int64_t failed_part = std::numeric_limits<int64_t>::max();
  Status failure;
  OnThreads(std::min<int64_t>(threads, count), [&] {
    for (int64_t part = next++; part < count; part = next++) {
      Status status = work(part);
      if (status.ok()) continue;
      next = count;
      std::lock_guard lock(mutex);
      if (part < failed_part) {
        failed_part = part;
        failure = std::move(status);
      }
      return;
    }
  });
  return failure;
}

}  // namespace millrace
