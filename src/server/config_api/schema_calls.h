#pragma once

#include "control/connections/schema_service.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// What sources offer, and what of its changes connections take over: sources/discover_schema,
/// */apply_schema_changes, sources/most_recent_source_actor_catalog.
class SchemaCalls {
 public:
  explicit SchemaCalls(const Services& services);

  /// With `connectionId`: what has changed for that connection, too; as its policy says, it is
  /// paused when that is breaking. `disable_cache`: asks the source in any case.
  ApiReply Discover(const Json& body) const;
  /// Takes the source's newest catalog over in one connection, or in all of the source's.
  ApiReply ApplyToConnection(const Json& body) const;
  ApiReply ApplyToSource(const Json& body) const;
  ApiReply MostRecent(const Json& body) const;

  /// Asks the source of a connection (`json` is its WebBackendConnectionRead) and shows what it
  /// offers now in syncCatalog, catalogId and catalogDiff.
  ApiReply Refresh(Json* json) const;

 private:
  /// `pauses`: whether the connection's policy wants it paused for that.
  ApiReply CompareInto(const std::string& connection_id, const DiscoveredCatalog& offered,
                       Json* reply, bool* pauses) const;

  Services services_;
  SchemaService schemas_;
};

/// A service that asks sources in processes of their own, for 10 minutes at most.
SchemaService SchemaServiceOf(const Services& services);

}  // namespace millrace
