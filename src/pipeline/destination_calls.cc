#include "pipeline/destination_calls.h"

namespace millrace {

DestinationCalls::Call::Call(DestinationCalls& calls) : calls_(calls) {
  std::lock_guard lock(calls_.mutex_);
  began_ = calls_.began_.insert(calls_.clock_.Now());
}

DestinationCalls::Call::~Call() {
  std::lock_guard lock(calls_.mutex_);
  calls_.began_.erase(began_);
}

std::chrono::milliseconds DestinationCalls::Longest() const {
  std::lock_guard lock(mutex_);
  if (began_.empty()) return std::chrono::milliseconds(0);
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Now() - *began_.begin());
}

}  // namespace millrace
