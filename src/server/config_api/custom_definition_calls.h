#pragma once

#include "control/store/definitions.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// *_definitions/create_custom, update, delete: connectors that somebody brings along. They are
/// kept and listed; creating a source or destination of one says that it can't run yet.
class CustomDefinitionCalls {
 public:
  CustomDefinitionCalls(const Services& services, ConnectorType kind)
      : services_(services), kind_(kind) {}

  /// {"workspaceId", "sourceDefinition": {"name", "dockerRepository", "dockerImageTag", …}}
  ApiReply Create(const Json& body) const;
  /// Of a custom one: its name, its image's tag, its resourceRequirements; of the others, whose
  /// versions come with Millrace, the last only.
  ApiReply Update(const Json& body) const;
  ApiReply Delete(const Json& body) const;

 private:
  ApiReply UpdateOwn(const CatalogueEntry& entry, const Json& body) const;
  /// 404, or that it is none of those that can be changed.
  ApiReply NotCustom(const std::string& id) const;

  Services services_;
  ConnectorType kind_;
};

/// SourceDefinitionRead or DestinationDefinitionRead.
Json CustomDefinitionJson(const CustomDefinition& definition);
/// The config error of whoever wants to run one.
Status CantRunYet(const CustomDefinition& definition);

}  // namespace millrace
