#pragma once

#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// How connections do: connections/status, web_backend/connections/status_counts,
/// web_backend/workspace/state.
class ConnectionStatusCalls {
 public:
  explicit ConnectionStatusCalls(const Services& services) : services_(services) {}

  /// Of `connectionIds`: a list, as it is; unknown ones are left out.
  ApiReply Statuses(const Json& body) const;
  ApiReply Counts(const Json& body) const;
  ApiReply WorkspaceState(const Json& body) const;

 private:
  Services services_;
};

}  // namespace millrace
