#pragma once

#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// state/*: how far a connection has come, in Airbyte's three forms.
class StateCalls {
 public:
  explicit StateCalls(const Services& services) : services_(services) {}

  ApiReply Get(const Json& body) const;
  /// A text, as it is: stream, global, legacy or not_set.
  ApiReply GetType(const Json& body) const;
  /// Replaces the whole state, in a new epoch: 423 while a job of the connection is under way.
  ApiReply Replace(const Json& body) const;

 private:
  Services services_;
};

}  // namespace millrace
