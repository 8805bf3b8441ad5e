#pragma once

#include "base/json.h"
#include "control/store/builder_projects.h"
#include "control/store/definitions.h"

namespace millrace {

/// Whether there is a manifest in it that wasn't published.
bool HasDraft(const BuilderProject& project);

/// ConnectorBuilderProjectDetailsRead. `published`: null when it isn't, or no more.
Json BuilderProjectJson(const BuilderProject& project, const CustomDefinition* published);

/// The number of the manifest that the definition runs.
int64_t ActiveManifestVersion(const CustomDefinition& definition);

}  // namespace millrace
