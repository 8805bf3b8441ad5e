#pragma once

#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// connections/events/*: the timeline of a connection, the newest first.
class ConnectionEventCalls {
 public:
  explicit ConnectionEventCalls(const Services& services) : services_(services) {}

  ApiReply List(const Json& body) const;
  ApiReply Get(const Json& body) const;
  /// Of all connections of a workspace, without their summaries.
  ApiReply ListMinimal(const Json& body) const;

 private:
  Services services_;
};

}  // namespace millrace
