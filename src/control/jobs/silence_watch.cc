#include "control/jobs/silence_watch.h"

namespace millrace {

void SilenceWatch::DestinationWaits(std::chrono::milliseconds span, SteadyTime now) {
  last_sign_ = now;
  destination_since_.reset();
  if (span.count() > 0) destination_since_ = now - span;
}

SilenceWatch::Verdict SilenceWatch::Look(SteadyTime now) const {
  if (destination_since_ && now - *destination_since_ > limits_.destination) {
    return Verdict::kDestination;
  }
  return now - last_sign_ > limits_.source ? Verdict::kSource : Verdict::kNone;
}

}  // namespace millrace
