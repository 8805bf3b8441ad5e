#pragma once

#include <functional>

#include "control/store/actors.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// What version a connector has: actor_definition_versions/*,
/// *_definition_specifications/get_for_*, sources/upgrade_version, connector_documentation/get. A
/// connector's one version comes with Millrace.
class VersionCalls {
 public:
  explicit VersionCalls(const Services& services) : services_(services) {}

  ApiReply GetForSource(const Json& body) const;
  ApiReply GetForDestination(const Json& body) const;
  ApiReply GetDefault(const Json& body) const;
  /// {"actorDefinitionId", "actorType", "dockerImageTag"}: 404 for another tag.
  ApiReply Resolve(const Json& body) const;
  ApiReply SpecificationForSource(const Json& body) const;
  ApiReply SpecificationForDestination(const Json& body) const;
  /// 204: it has the newest version already.
  ApiReply UpgradeSource(const Json& body) const;
  ApiReply UpgradeDestination(const Json& body) const;
  /// 404: documentation lies at the definition's documentationUrl.
  ApiReply Documentation(const Json& body) const;

 private:
  /// The definition of the body's actorDefinitionId, whichever kind it is of.
  Result<std::optional<Definition>> Asked(const Json& body) const;
  ApiReply WithDefinition(ConnectorType kind, const Json& body,
                          const std::function<ApiReply(const Definition&)>& then) const;

  Services services_;
};

}  // namespace millrace
