#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/records/record_extractor.h"
#include "declarative/requests/requester.h"
#include "declarative/requests/response_decoder.h"
#include "declarative/streams/async_job.h"

namespace millrace {

/// The requests of an AsyncRetriever: jobs are created, polled, given up and forgotten. Const; from
/// several threads at once, a job by one.
class AsyncJobRequests {
 public:
  struct Parts {
    std::string stream;
    std::unique_ptr<Requester> create, poll;
    std::unique_ptr<Requester> targets, abort, forget;  ///< null: the manifest has none
    std::unique_ptr<ResponseDecoder> decoder;
    std::unique_ptr<RecordExtractor> status_extractor;
    std::unique_ptr<RecordExtractor> target_extractor;  ///< null: one download without a target
    std::map<std::string, AsyncJobStatus> statuses;     ///< by the API's word
    std::chrono::microseconds timeout{0};
  };

  AsyncJobRequests(Parts parts, const EngineEnvironment& environment)
      : parts_(std::move(parts)), environment_(environment) {}

  Result<std::unique_ptr<AsyncJob>> Create(const StreamSlice& slice, std::stop_token stop) const;
  /// Asks how it stands and notes it. An unknown word is a system error.
  Status Poll(AsyncJob& job, std::stop_token stop) const;
  Status Abort(const AsyncJob& job, std::stop_token stop) const;
  Status Forget(const AsyncJob& job, std::stop_token stop) const;
  /// What is to be downloaded of a completed job: values, mostly URLs; one empty text when the
  /// manifest names no place to look for them.
  Result<PyList> Targets(const AsyncJob& job, std::stop_token stop) const;

  AsyncJobStatus StatusOf(const AsyncJob& job) const {
    return job.StatusAt(environment_.clock->WallNow(), parts_.timeout);
  }
  const std::string& stream() const { return parts_.stream; }

 private:
  Result<std::shared_ptr<const ApiResponse>> Send(Requester& requester, const StreamSlice& slice,
                                                  std::stop_token stop) const;
  Result<PyList> Extract(const RecordExtractor& extractor, const ApiResponse& response,
                         std::stop_token stop) const;
  /// A reply as templates see it: its JSON's members, and `headers`.
  Result<PyValue> ContextOf(const ApiResponse& response) const;

  const Parts parts_;
  const EngineEnvironment& environment_;
};

}  // namespace millrace
