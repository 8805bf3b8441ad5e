#pragma once

#include <string>

#include "control/jobs/job_service.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// jobs/*, and what makes jobs among connections/*.
class JobCalls {
 public:
  explicit JobCalls(const Services& services) : services_(services) {}

  /// connections/sync, reset, clear: the job with its attempts.
  ApiReply Start(const Json& body, const std::string& config_type, const Caller& caller) const;
  /// connections/reset/stream, clear/stream: of the named streams.
  ApiReply StartStreams(const Json& body, const std::string& config_type,
                        const Caller& caller) const;
  ApiReply Refresh(const Json& body, const Caller& caller) const;

  ApiReply Get(const Json& body, bool with_logs) const;
  ApiReply GetLight(const Json& body) const;
  ApiReply GetDebugInfo(const Json& body) const;
  ApiReply List(const Json& body) const;
  ApiReply Cancel(const Json& body, const Caller& caller) const;
  ApiReply GetLastReplicationJob(const Json& body) const;

 private:
  ApiReply Create(const JobRequest& request, bool with_attempts) const;
  ApiReply WithJob(const Json& body,
                   const std::function<ApiReply(const JobWithAttempts&)>& then) const;
  Json InfoOf(const JobWithAttempts& job, bool with_logs) const;
  Json LogsOf(const Attempt& attempt, bool with_logs) const;

  Services services_;
};

}  // namespace millrace
