#pragma once

#include <memory>

#include "declarative/records/record_selector.h"
#include "declarative/streams/async_job_slicer.h"
#include "declarative/streams/retriever.h"

namespace millrace {

/// AsyncRetriever: downloads what the jobs of its slices made.
class AsyncRetriever final : public Retriever {
 public:
  /// `jobs` is the stream's slicer and outlives it. `download` reads one target's records.
  AsyncRetriever(AsyncJobSlicer& jobs, std::unique_ptr<Retriever> download,
                 std::unique_ptr<RecordSelector> selector, const EngineEnvironment& environment)
      : jobs_(jobs),
        download_(std::move(download)),
        selector_(std::move(selector)),
        environment_(environment) {}

  Status ReadRecords(const StreamSlice& slice, RecordConsumer& consumer,
                     std::stop_token stop) override;

 private:
  AsyncJobSlicer& jobs_;
  const std::unique_ptr<Retriever> download_;
  const std::unique_ptr<RecordSelector> selector_;
  const EngineEnvironment& environment_;
};

}  // namespace millrace
