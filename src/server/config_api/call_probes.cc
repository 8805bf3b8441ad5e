#include "server/config_api/call_probes.h"

namespace millrace {

Result<CallProbes::Turn> CallProbes::AwaitTurn() const {
  std::unique_lock lock(mutex_);
  if (running_ >= kRunningMax) {
    const bool full = waiting_ >= kWaitingMax;
    bool came = false;
    if (!full) {
      ++waiting_;
      came = ended_.wait_for(lock, wait_limit_, [this] { return running_ < kRunningMax; });
      --waiting_;
    }
    if (!came) {
      return TransientError(
          "the server waits for {} checks and discoveries already, as many as it runs at once for "
          "its callers: try again when one of them has ended",
          kRunningMax);
    }
  }
  ++running_;
  return Turn(*this);
}

CallProbes::Turn::~Turn() {
  if (probes_ == nullptr) return;
  {
    const std::lock_guard lock(probes_->mutex_);
    --probes_->running_;
  }
  probes_->ended_.notify_one();
}

Result<ProbeOutcome> CallProbes::Run(StartDocument start, const EndResources& said,
                                     std::chrono::seconds limit,
                                     const KeepConfig& keep_config) const {
  MR_ASSIGN_OR_RETURN(const Turn turn, AwaitTurn());
  return runner_.Run(std::move(start), said, limit, keep_config);
}

}  // namespace millrace
