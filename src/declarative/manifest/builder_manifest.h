#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/manifest_migrations.h"

namespace millrace {

struct BuilderResolveOptions {
  /// Not null: requesters get today's fields (MigrateManifest), before they are normalised.
  UrlJoiner migrate = nullptr;
  bool normalize = false;  ///< bring it into the form of NormalizeManifest
  const Clock* clock = &Clock::System();
};

/// What a connector builder gets who asks for a manifest to be resolved: references, types and
/// parameters filled in, and a concurrency of one, in which a builder's reads run. `manifest` is
/// what the builder sent: a dict. Config errors name the component and the field.
Result<PyValue> ResolveForBuilder(const PyValue& manifest,
                                  const BuilderResolveOptions& options = {});

/// The same of YAML or JSON text; errors name the line.
Result<PyValue> ResolveTextForBuilder(std::string_view text,
                                      const BuilderResolveOptions& options = {});

}  // namespace millrace
