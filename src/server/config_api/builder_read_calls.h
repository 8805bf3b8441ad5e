#pragma once

#include "server/config_api/api_reply.h"
#include "server/config_api/builder_probe.h"
#include "server/config_api/services.h"

namespace millrace {

/// connector_builder_projects/resolve, full_resolve and read_stream: what a manifest comes to.
/// `manifest` is an object, or the text of a YAML file, whose lines errors then name.
class BuilderReadCalls {
 public:
  BuilderReadCalls(const Services& services, BuilderProbe probe)
      : services_(services), probe_(std::move(probe)) {}

  /// References and parameters filled in.
  ApiReply Resolve(const Json& body) const;
  /// The same, with the streams that the dynamic ones come to for the project's testing values.
  ApiReply FullResolve(const Json& body) const;
  /// One stream, with the project's testing values, within limits:
  /// ConnectorBuilderProjectStreamRead.
  ApiReply ReadStream(const Json& body) const;

 private:
  Services services_;
  BuilderProbe probe_;
};

}  // namespace millrace
