#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace millrace {

/// Slows down whoever guesses passwords: failures are counted by where they come from, and by where
/// they come from and whom they want to be. Five failures for one account are free, then one every
/// 10 s; 30 for all accounts together, then one every 2 s. In memory, of 10,000 places at most: the
/// longest quiet are forgotten. Others who sign in to the same account aren't kept out.
/// Thread-safe.
class SignInLimit {
 public:
  explicit SignInLimit(const Clock& clock) : clock_(clock) {}

  /// How long to wait before the next try; zero: it may be made. `peer`: an IP address; of an IPv6
  /// one, its /64 counts.
  std::chrono::seconds WaitFor(const std::string& peer, const std::string& account);
  void Failed(const std::string& peer, const std::string& account);
  /// Forgets the account's failures from there.
  void Succeeded(const std::string& peer, const std::string& account);

 private:
  /// When its failures will have been paid for.
  std::map<std::string, SteadyTime> paid_at_;
  std::mutex mutex_;
  const Clock& clock_;
};

}  // namespace millrace
