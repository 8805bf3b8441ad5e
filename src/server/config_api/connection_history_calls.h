#pragma once

#include <functional>
#include <string>

#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// What a connection's jobs have moved, and how its streams fare: connections/sync_progress,
/// last_job_per_stream, history/*, stream_history, stream_statuses/*.
class ConnectionHistoryCalls {
 public:
  explicit ConnectionHistoryCalls(const Services& services) : services_(services) {}

  /// Of the job under way; without one there are no streams.
  ApiReply SyncProgress(const Json& body) const;
  ApiReply LastJobPerStream(const Json& body) const;
  /// The last `numberOfJobs` that ended, the oldest first, each with its streams' outcomes.
  ApiReply Uptime(const Json& body) const;
  /// Rows by day of `timezone` and stream, of the last 30 days.
  ApiReply StreamHistory(const Json& body) const;

  ApiReply StreamStatuses(const Json& body) const;
  /// Of each stream, the latest one of each run state.
  ApiReply LatestPerRunState(const Json& body) const;

 private:
  /// What `then` makes of the connection within one view of the database; 404 when it isn't there.
  ApiReply WithConnection(
      const Json& body,
      const std::function<Result<Json>(SqlTransaction&, const std::string& id)>& then) const;

  Services services_;
};

}  // namespace millrace
