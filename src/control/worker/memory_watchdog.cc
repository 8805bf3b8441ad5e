#include "control/worker/memory_watchdog.h"

namespace millrace {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
/// Every so many looks it is found out anew which processes there are: /proc may be long.
constexpr int kLooksAtTheSame = 10;

}  // namespace

void MemoryWatchdog::Watch::Look() {
  if (killed_at_bytes_ > 0) return;
  if (looks_++ % kLooksAtTheSame == 0) members_ = ProcessesOfSession(leader_.identity().pid);
  int64_t used = 0;
  for (const ProcessEntry& member : members_) {
    if (member.start_ticks >= leader_.identity().start_ticks) used += OwnMemory(member.pid);
  }
  // Looked at last: its id may have become another's while its memory was read.
  if (used <= limit_bytes_ || !leader_.Running()) return;
  killed_at_bytes_ = used;
  leader_.KillAll();
}

MemoryWatchdog::MemoryWatchdog() : thread_([this](const std::stop_token& stop) { Run(stop); }) {}

MemoryWatchdog::~MemoryWatchdog() {
  thread_.request_stop();
  thread_.join();
}

std::shared_ptr<const MemoryWatchdog::Watch> MemoryWatchdog::Begin(const ProcessIdentity& leader,
                                                                   int64_t limit_bytes) {
  auto watch = std::make_shared<Watch>(leader, limit_bytes);
  std::lock_guard lock(mutex_);
  watches_.push_back(watch);
  changed_.notify_all();
  return watch;
}

void MemoryWatchdog::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<std::shared_ptr<Watch>> watched;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [this] { return !watches_.empty(); });
      std::erase_if(watches_, [](const auto& watch) { return watch.expired(); });
      for (const auto& watch : watches_) {
        if (auto alive = watch.lock()) watched.push_back(std::move(alive));
      }
    }
    for (const auto& watch : watched) watch->Look();
    watched.clear();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, kPause, [] { return false; });
  }
}

}  // namespace millrace
