#include "cli/attempt/stream_status_messages.h"

#include <nlohmann/json.hpp>

#include "protocol/message.h"

namespace millrace {

void StreamStatusMessages::OnProgress(const StreamProgress& progress) {
  if (!progress.status) return;
  Start(progress.stream);
  SayEstimate(progress);
  Say(progress.stream, *progress.status);
}

void StreamStatusMessages::Say(const StreamDescriptor& stream, StreamStatus status) {
  std::lock_guard lock(mutex_);
  const auto [said, first] = said_.try_emplace(stream, status);
  if (!first && said->second >= status) return;
  said->second = status;
  output_.WriteMessage(StreamStatusMessage(stream, status, Clock::System().WallNow()));
}

void StreamStatusMessages::SayEstimate(const StreamProgress& progress) {
  const Estimate estimate{progress.estimated_records, progress.estimated_bytes};
  std::lock_guard lock(mutex_);
  Estimate& said = estimates_[progress.stream];
  if (said == estimate) return;
  said = estimate;
  output_.WriteMessage(
      EstimateMessage(progress.stream, estimate.first, estimate.second, Clock::System().WallNow()));
}

}  // namespace millrace
