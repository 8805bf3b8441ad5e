#pragma once

#include <functional>

#include "control/connections/connection_service.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// connections/*: what people have set up. Their jobs are other calls.
class ConnectionCalls {
 public:
  explicit ConnectionCalls(const Services& services);

  ApiReply Create(const Json& body, const Caller& caller) const;
  /// Also of a deleted one, which is "deprecated".
  ApiReply Get(const Json& body) const;
  ApiReply Update(const Json& body, const Caller& caller) const;
  /// {"connectionUpdate", "updateReason", "autoUpdate"}
  ApiReply UpdateWithReason(const Json& body, const Caller& caller) const;
  ApiReply Delete(const Json& body, const Caller& caller) const;
  /// All of a workspace.
  ApiReply List(const Json& body) const;
  /// Deleted ones, too.
  ApiReply ListAll(const Json& body) const;
  /// Of several workspaces, a page of them.
  ApiReply ListPaginated(const Json& body) const;
  ApiReply Search(const Json& body) const;
  /// {"actorDefinitionId", "actorType"}
  ApiReply ListByDefinition(const Json& body) const;
  ApiReply GetContext(const Json& body) const;
  /// What runs after a connection's syncs: nothing does in this version. Old clients ask.
  ApiReply ListOperations(const Json& body) const;

  /// The reply to a change; ConnectionRead when it was done.
  ApiReply ReplyOf(const Result<ConnectionOutcome>& outcome) const;
  const ConnectionService& service() const { return service_; }

 private:
  /// Those of the filter that `matches` (none: all), as text.
  ApiReply ListOf(const ConnectionFilter& filter, const Page& page,
                  const std::function<bool(const Json&)>& matches = {}) const;
  ApiReply ListOfWorkspace(const Json& body, bool with_deleted) const;

  Services services_;
  ConnectionService service_;
};

/// A service that ends the jobs of what it deletes.
ConnectionService ConnectionServiceOf(const Services& services);

}  // namespace millrace
