#pragma once

#include "control/store/definitions.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// *_definitions/create_custom, update, delete: connectors that somebody brings along: a
/// container's image, a command (which Airbyte doesn't have), a low-code manifest. Whoever makes
/// one waits for its specification: it is kept with it, because it says which fields of
/// configurations are secret.
class CustomDefinitionCalls {
 public:
  CustomDefinitionCalls(const Services& services, ConnectorType kind)
      : services_(services), kind_(kind) {}

  /// {"workspaceId", "sourceDefinition": {"name", "dockerRepository", "dockerImageTag", …}}, with
  /// "command" or "manifest" instead of an image.
  ApiReply Create(const Json& body) const;
  /// Of a custom one: its name, what is run, its limits; of the others, whose versions come with
  /// Millrace, `resourceRequirements` only.
  ApiReply Update(const Json& body) const;
  /// With its sources or destinations, and their connections, whose jobs end.
  ApiReply Delete(const Json& body, const Caller& caller) const;

 private:
  ApiReply UpdateOwn(const CatalogueEntry& entry, const Json& body) const;
  /// 404, or that it is none of those that can be changed.
  ApiReply NotCustom(const std::string& id) const;

  Services services_;
  ConnectorType kind_;
};

/// Puts in the specification of what the definition runs, which may have to be asked for it. A
/// config error: it can't be had, or started.
Status SpecifyDefinition(const Services& services, CustomDefinition* definition);

/// SourceDefinitionRead or DestinationDefinitionRead.
Json CustomDefinitionJson(const CustomDefinition& definition);

}  // namespace millrace
