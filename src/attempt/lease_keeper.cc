#include "attempt/lease_keeper.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

constexpr auto kPause = std::chrono::seconds(10);
constexpr auto kHurriedPause = std::chrono::seconds(1);
constexpr auto kComfort = std::chrono::seconds(40);  // of a minute
constexpr auto kAnswerLimit = std::chrono::seconds(15);
constexpr auto kOrphanLimit = std::chrono::seconds(300);

}  // namespace

LeaseKeeper::LeaseKeeper(AttemptChannel& channel, CommitLease& lease)
    : channel_(channel),
      lease_(lease),
      thread_([this](const std::stop_token& stop) { Keep(stop); }) {}

LeaseKeeper::~LeaseKeeper() {
  thread_.request_stop();
  channel_.Close();  // ends an Ask
  thread_.join();
}

void LeaseKeeper::Keep(const std::stop_token& stop) {
  SteadyTime last_granted = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    const SteadyTime asked_at = std::chrono::steady_clock::now();
    const auto answer = channel_.Ask({{"type", "LEASE"}}, kAnswerLimit);
    const Json span = answer.ok() ? answer->value("for_ms", Json()) : Json();
    if (span.is_number_integer() && span.get<int64_t>() > 0) {
      lease_.Renew(asked_at, std::chrono::milliseconds(span.get<int64_t>()));
      last_granted = asked_at;
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now - last_granted > kOrphanLimit) return channel_.Close();
    const auto pause = lease_.ends_at() - now > kComfort ? kPause : kHurriedPause;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, pause, [] { return false; });
  }
}

}  // namespace millrace
