#include "base/usable_threads.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

namespace millrace {
namespace {

std::atomic<int> bound = std::numeric_limits<int>::max();

}  // namespace

int UsableThreads() {
  const int hardware = static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, std::min(hardware, bound.load()));
}

void SetUsableThreads(int most) { bound = most > 0 ? most : std::numeric_limits<int>::max(); }

}  // namespace millrace
