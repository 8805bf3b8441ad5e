#include "control/worker/memory_watchdog.h"

namespace millrace {
namespace {

/// The session of the leader; not what a later process of its id leads.
std::vector<ProcessEntry> MembersOf(const ProcessIdentity& leader) {
  auto members = ProcessesUnder(leader.pid);
  std::erase_if(members, [&leader](const ProcessEntry& member) {
    return member.start_ticks < leader.start_ticks;
  });
  return members;
}

}  // namespace

MemoryWatchdog::Watch::Watch(const ProcessIdentity& leader, int64_t limit_bytes)
    : leader_(leader), limit_bytes_(limit_bytes), gauge_([leader] { return MembersOf(leader); }) {}

void MemoryWatchdog::Watch::Look() {
  if (killed_at_bytes_ > 0) return;
  const int64_t used = gauge_.Bytes();
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
    changed_.wait_for(lock, stop, MemoryGauge::kPause, [] { return false; });
  }
}

}  // namespace millrace
