#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "declarative/manifest/engine_environment.h"
#include "declarative/slices/stream_slicer.h"
#include "declarative/streams/async_job_requests.h"

namespace millrace {

/// The slices of an AsyncRetriever: those of the stream, each handed over once the job that the API
/// does for it is completed. Jobs that fail or take too long are begun anew a few times. The jobs
/// of slices that were handed over wait here for the retriever.
class AsyncJobSlicer final : public StreamSlicer {
 public:
  static constexpr int kAttemptsMax = 3;
  static constexpr std::chrono::seconds kPollInterval{5};
  /// Polls in a row that fail without anything else happening: then the stream fails.
  static constexpr int kFailedPollsMax = 100;

  /// All but the pointers are borrowed. `retry_wait`: before a failed job is begun anew.
  AsyncJobSlicer(StreamSlicer& slices, std::unique_ptr<AsyncJobRequests> requests,
                 AsyncJobBudget& budget, std::optional<std::chrono::seconds> retry_wait,
                 const EngineEnvironment& environment)
      : slices_(slices),
        requests_(std::move(requests)),
        budget_(budget),
        retry_wait_(retry_wait),
        environment_(environment) {}

  Status Slices(const SliceSink& sink, std::stop_token stop) override;
  Result<RequestOptions> OptionsFor(const StreamSlice& slice) const override {
    return slices_.OptionsFor(slice);
  }

  const AsyncJobRequests& requests() const { return *requests_; }
  /// The completed job of a slice that was handed over; null: there is none. Any thread.
  std::unique_ptr<AsyncJob> TakeJob(const StreamSlice& slice);

 private:
  struct Running {
    std::unique_ptr<AsyncJob> job;
    std::unique_ptr<AsyncJobBudget::Slot> slot;
    int attempt = 1;
  };
  struct Cutting;

  Result<std::unique_ptr<AsyncJob>> Start(const StreamSlice& slice, const std::stop_token& stop);
  /// Polls, hands over what is completed, waits, begins anew what failed.
  Status GoRound(Cutting& cutting);
  Status PollAll(Cutting& cutting);
  Status Process(Cutting& cutting);
  Status HandOver(Running running, Cutting& cutting);
  Status BeginAnew(Cutting& cutting);
  void AbortAll(Cutting& cutting);

  StreamSlicer& slices_;
  const std::unique_ptr<AsyncJobRequests> requests_;
  AsyncJobBudget& budget_;
  const std::optional<std::chrono::seconds> retry_wait_;
  const EngineEnvironment& environment_;

  std::mutex mutex_;
  int64_t last_id_ = 0;                                 // guarded by mutex_
  std::map<int64_t, std::unique_ptr<AsyncJob>> ready_;  // guarded by mutex_
};

}  // namespace millrace
