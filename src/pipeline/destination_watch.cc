#include "pipeline/destination_watch.h"

#include <condition_variable>
#include <mutex>

namespace millrace {
namespace {

constexpr std::chrono::milliseconds kLookEvery = std::chrono::seconds(1);

}  // namespace

DestinationWatch::DestinationWatch(const DestinationCalls& calls,
                                   std::function<void(std::chrono::milliseconds)> tell)
    : calls_(calls),
      tell_(std::move(tell)),
      thread_([this](const std::stop_token& stop) { Watch(stop); }) {}

void DestinationWatch::Watch(const std::stop_token& stop) const {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  bool told = false;
  while (!stop.stop_requested()) {
    stopped.wait_for(lock, stop, kLookEvery, [] { return false; });
    const auto longest = calls_.Longest();
    const bool lasts = longest >= kLookEvery;
    if (lasts || told) tell_(lasts ? longest : std::chrono::milliseconds(0));
    told = lasts;
  }
}

}  // namespace millrace
