#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace millrace {

/// Passwords that were found right within the last five minutes, so that a client that sends one
/// with each request doesn't cost a slow hash each time. Keeps hashes under a random key of the
/// process's, at most 256 of them; a changed password never matches, because its stored hash is
/// part of what is compared. Thread-safe.
class VerifiedPasswords {
 public:
  explicit VerifiedPasswords(const Clock& clock);

  bool Contains(const std::string& stored_hash, std::string_view password);
  void Add(const std::string& stored_hash, std::string_view password);

 private:
  std::string KeyOf(const std::string& stored_hash, std::string_view password) const;

  const std::string process_key_;
  std::map<std::string, SteadyTime> until_;
  std::mutex mutex_;
  const Clock& clock_;
};

}  // namespace millrace
