#pragma once

#include <chrono>

#include "base/clock.h"

namespace millrace {

/// A moment after which a wait gives up. Every wait in Millrace takes one. A plain value.
class Deadline {
 public:
  explicit Deadline(SteadyTime when) : when_(when) {}
  /// `span` from now, by the machine's clock.
  static Deadline After(std::chrono::milliseconds span) {
    return Deadline(std::chrono::steady_clock::now() + span);
  }
  /// For waits that something else bounds (a stop token, a budget that must come free).
  static Deadline Never() { return Deadline(SteadyTime::max()); }

  SteadyTime when() const { return when_; }
  bool never() const { return when_ == SteadyTime::max(); }
  bool Passed() const { return std::chrono::steady_clock::now() >= when_; }

 private:
  SteadyTime when_;
};

}  // namespace millrace
