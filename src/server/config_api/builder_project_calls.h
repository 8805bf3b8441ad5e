#pragma once

#include <functional>

#include "control/store/builder_projects.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/builder_probe.h"
#include "server/config_api/services.h"

namespace millrace {

/// Answers a call about a project of the connector builder: with what `answer` makes of the one
/// that `workspaceId` and `builderProjectId` name, or with why there is none.
ApiReply WithBuilderProject(const Services& services, const Json& body,
                            const std::function<ApiReply(BuilderProject project)>& answer);

/// connector_builder_projects/*: what people build low-code connectors in. A draft is kept as it
/// was sent, whatever is wrong with it: it is only being written.
class BuilderProjectCalls {
 public:
  BuilderProjectCalls(const Services& services, BuilderProbe probe)
      : services_(services), probe_(std::move(probe)) {}

  ApiReply Create(const Json& body) const;
  ApiReply Update(const Json& body) const;
  ApiReply Delete(const Json& body) const;
  ApiReply List(const Json& body) const;
  ApiReply GetWithManifest(const Json& body) const;
  ApiReply GetForDefinition(const Json& body) const;
  /// A project whose draft is the manifest of a source that is there.
  ApiReply Fork(const Json& body) const;
  ApiReply UpdateTestingValues(const Json& body) const;
  ApiReply Capabilities(const Json& body) const;
  ApiReply GetBaseImage(const Json& body) const;
  /// Whether the catalogue has a connector of that name already.
  ApiReply CheckContribution(const Json& body) const;

 private:
  /// Takes over what `sent` (ConnectorBuilderProjectDetails) says. Not empty: what is wrong.
  std::optional<ApiReply> TakeDetails(const Json& sent, BuilderProject* project) const;
  ApiReply Insert(BuilderProject project, const Json& body) const;

  Services services_;
  BuilderProbe probe_;
};

}  // namespace millrace
