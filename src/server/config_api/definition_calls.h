#pragma once

#include "control/store/actors.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// source_definitions/*, destination_definitions/* and their specifications: the catalogue, under
/// Airbyte's ids.
class DefinitionCalls {
 public:
  DefinitionCalls(const Services& services, ConnectorType kind)
      : services_(services), kind_(kind) {}

  /// With `workspaceId`, custom ones of that workspace only.
  ApiReply List(const Json& body) const;
  ApiReply Get(const Json& body) const;
  /// 422 for one of which no specification is known: what to do about it.
  ApiReply GetSpecification(const Json& body) const;

 private:
  Services services_;
  ConnectorType kind_;
};

/// "sourceDefinitionId", "destinationDefinitionId".
std::string DefinitionIdField(ConnectorType kind);

/// By definition id; null when there is none of that kind.
const CatalogueEntry* FindDefinition(const Catalogue& catalogue, ConnectorType kind,
                                     const std::string& id);

/// ActorDefinitionVersionRead.
Json DefinitionVersionJson(const Definition& definition);

}  // namespace millrace
