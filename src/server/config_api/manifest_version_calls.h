#pragma once

#include "control/store/manifest_versions.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/builder_probe.h"
#include "server/config_api/services.h"

namespace millrace {

/// connector_builder_projects/publish and declarative_source_definitions/*: the versions of custom
/// sources' manifests. The active one is what the definition runs; sources go on with it at their
/// next sync.
class ManifestVersionCalls {
 public:
  ManifestVersionCalls(const Services& services, BuilderProbe probe)
      : services_(services), probe_(std::move(probe)) {}

  /// Makes a custom source of a project's manifest, and its draft is done with.
  ApiReply Publish(const Json& body) const;
  /// Another version; the draft of the definition's project is done with.
  ApiReply Create(const Json& body) const;
  ApiReply UpdateActive(const Json& body) const;
  ApiReply List(const Json& body) const;

 private:
  /// What a DeclarativeSourceManifest says, once it was looked at.
  struct SentManifest {
    std::optional<ApiReply> refused;
    ManifestVersion version;
  };
  SentManifest TakeManifest(const Json& sent, const Json& components, std::string_view field) const;

  Services services_;
  BuilderProbe probe_;
};

/// Writes down the manifest that `definition` runs as a version of its own, so that it stays when
/// another takes its place. Within the caller's transaction.
Status KeepActiveManifest(SqlTransaction& transaction, const CustomDefinition& definition,
                          int64_t now);
/// The number after all that the definition has.
Result<int64_t> NextManifestVersion(SqlTransaction& transaction,
                                    const CustomDefinition& definition);

}  // namespace millrace
