#pragma once

#include <memory>
#include <optional>
#include <string>

#include "attempt/config_change.h"
#include "base/json.h"
#include "base/result.h"
#include "connector/source.h"
#include "declarative/manifest/config_rules.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/manifest/manifest.h"

namespace millrace {

/// A configuration and the manifest that came in it.
struct LoadedManifest {
  Manifest manifest;
  ConfigRules rules;
  PyValue config;  ///< a dict, without the manifest
};

/// What the manifest's rules made of a configuration.
struct RuledConfig {
  std::optional<PyValue> migrated;  ///< absent: as it was; to be kept
  PyValue effective;                ///< what the engine runs with
};
Result<RuledConfig> ApplyConfigRules(const LoadedManifest& loaded);

/// Reads both out of a configuration of source-declarative-manifest: the manifest is at
/// __injected_declarative_manifest, as an object or as the text of a YAML file (whose lines the
/// errors then name). Config errors only.
Result<LoadedManifest> LoadManifestOf(const Json& config);

/// Holds the configuration against the manifest's specification, and strikes
/// its secrets out of every log line from now on.
Status FitManifestConfig(const Manifest& manifest, const PyValue& config);

/// Writes what the manifest's migrations made of a configuration back to its file (an empty path:
/// there is none), and tells whoever keeps configurations.
Status KeepMigratedConfig(const std::string& path, const PyValue& config, EngineMessages& messages);

/// A manifest as a source of syncs. `keep_config` keeps what changes in its configuration; empty:
/// nobody does.
Result<std::unique_ptr<Source>> MakeManifestSource(const Json& config,
                                                   const KeepConfig& keep_config);

/// JSON's part of a value; a system error when it is none.
Result<Json> JsonOf(const PyValue& value);

}  // namespace millrace
