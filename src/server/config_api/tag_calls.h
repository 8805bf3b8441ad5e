#pragma once

#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// tags/*: labels of connections, 100 a workspace, of 30 letters and a colour each.
class TagCalls {
 public:
  explicit TagCalls(const Services& services) : services_(services) {}

  /// Of `workspaceId`, or of `workspaceIds`: a list, as it is.
  ApiReply List(const Json& body) const;
  ApiReply Get(const Json& body) const;
  ApiReply Create(const Json& body) const;
  ApiReply Update(const Json& body) const;
  ApiReply Delete(const Json& body) const;

 private:
  Services services_;
};

}  // namespace millrace
