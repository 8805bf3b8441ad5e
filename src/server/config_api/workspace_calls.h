#pragma once

#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// workspaces/*.
class WorkspaceCalls {
 public:
  explicit WorkspaceCalls(const Services& services) : services_(services) {}

  ApiReply Create(const Json& body) const;
  ApiReply Get(const Json& body) const;
  ApiReply GetBySlug(const Json& body) const;
  ApiReply List(const Json& body) const;
  /// Also update_name.
  ApiReply Update(const Json& body) const;
  /// With all that is in it; jobs end.
  ApiReply Delete(const Json& body, const Caller& caller) const;

  /// Makes the first workspace when there is none.
  static Status EnsureDefault(const Services& services);

 private:
  Services services_;
};

}  // namespace millrace
