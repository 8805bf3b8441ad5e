#pragma once

#include "server/config_api/api_reply.h"
#include "server/config_api/connection_calls.h"
#include "server/config_api/services.h"

namespace millrace {

/// web_backend/*: what a user interface asks about connections, in one call each.
class WebBackendCalls {
 public:
  explicit WebBackendCalls(const Services& services) : services_(services), calls_(services) {}

  /// A page of connections, sorted and filtered, after the connection `cursor`.
  ApiReply List(const Json& body) const;
  /// With its ends and jobs. `withRefreshedCatalog`: discovers first, and shows what has changed.
  ApiReply Get(const Json& body) const;
  ApiReply Create(const Json& body, const Caller& caller) const;
  /// Unless `skipReset` is true, streams that the change made something else of are refreshed: a
  /// job of the connection that is under way ends for that.
  ApiReply Update(const Json& body, const Caller& caller) const;
  ApiReply DescribeCron(const Json& body) const;
  ApiReply CheckUpdates(const Json& body) const;

 private:
  Status RefreshOutdated(const ConnectionOutcome& updated, const Caller& caller) const;

  Services services_;
  ConnectionCalls calls_;
};

}  // namespace millrace
