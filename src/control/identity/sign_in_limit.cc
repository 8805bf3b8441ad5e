#include "control/identity/sign_in_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>

namespace millrace {
namespace {

constexpr size_t kPlacesMax = 10'000;

/// Failures that are free, and the price of each that follows.
struct Tariff {
  int free;
  std::chrono::seconds price;
};
constexpr Tariff kOfAccount{5, std::chrono::seconds(10)};
constexpr Tariff kOfPeer{30, std::chrono::seconds(2)};

std::string PlaceOf(const std::string& peer) {
  in6_addr address;
  if (::inet_pton(AF_INET6, peer.c_str(), &address) != 1) return peer;
  return std::string(reinterpret_cast<const char*>(address.s6_addr), 8);
}

std::string KeyOf(const std::string& peer, const std::string& account) {
  return PlaceOf(peer) + '\0' + account;
}

/// What is left to pay beyond the free ones, in whole seconds.
std::chrono::seconds Wait(SteadyTime paid_at, SteadyTime now, const Tariff& tariff) {
  const auto earliest = paid_at - (tariff.free - 1) * tariff.price;
  if (earliest <= now) return std::chrono::seconds(0);
  return std::chrono::ceil<std::chrono::seconds>(earliest - now);
}

}  // namespace

std::chrono::seconds SignInLimit::WaitFor(const std::string& peer, const std::string& account) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.Now();
  const auto wait = [&](const std::string& key, const Tariff& tariff) {
    const auto found = paid_at_.find(key);
    return found == paid_at_.end() ? std::chrono::seconds(0) : Wait(found->second, now, tariff);
  };
  return std::max(wait(KeyOf(peer, account), kOfAccount), wait(PlaceOf(peer), kOfPeer));
}

void SignInLimit::Failed(const std::string& peer, const std::string& account) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.Now();
  const auto charge = [&](const std::string& key, const Tariff& tariff) {
    SteadyTime& paid_at = paid_at_[key];
    paid_at = std::max(paid_at, now) + tariff.price;
  };
  charge(KeyOf(peer, account), kOfAccount);
  charge(PlaceOf(peer), kOfPeer);
  if (paid_at_.size() <= kPlacesMax) return;
  std::erase_if(paid_at_, [now](const auto& entry) { return entry.second <= now; });
  while (paid_at_.size() > kPlacesMax) {
    paid_at_.erase(
        std::ranges::min_element(paid_at_, {}, [](const auto& entry) { return entry.second; }));
  }
}

void SignInLimit::Succeeded(const std::string& peer, const std::string& account) {
  const std::lock_guard lock(mutex_);
  paid_at_.erase(KeyOf(peer, account));
}

}  // namespace millrace
