#include "sources/file/parallel_parts.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace millrace {

void ForEachPart(int64_t count, const std::function<void(int64_t part)>& work) {
  std::atomic<int64_t> next = 0;
  const auto run = [&] {
    for (int64_t part = next++; part < count; part = next++) work(part);
  };
  const int64_t cores = std::max(1U, std::thread::hardware_concurrency());
  const int64_t threads = std::min({cores, int64_t{kPartThreadsMax}, count});
  std::vector<std::jthread> others;
  for (int64_t i = 1; i < threads; ++i) others.emplace_back(run);
  run();
}

}  // namespace millrace
