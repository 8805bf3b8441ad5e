#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/environment_text.h"
#include "base/result.h"
#include "protocol/json_field.h"

namespace millrace {

/// A low-code manifest that was found for a connector. A plain value.
struct FoundManifest {
  std::string text;
  std::string origin;       ///< for people: "image airbyte/source-x:1.0"
  bool in_package = false;  ///< of a package that brings its own program as well
};

/// What Millrace's engine says of a manifest.
struct CheckedManifest {
  JsonValue spec;     ///< its ConnectorSpecification
  std::string needs;  ///< what only Airbyte's interpreter runs ("class_name"); empty: nothing
};
/// Holds a manifest's file against the engine. A config error says what is wrong with it, and in
/// which line.
using CheckManifest =
    std::function<Result<CheckedManifest>(const std::filesystem::path& file, std::stop_token)>;

/// Of `from`, a file's path or an http or https URL. Config errors name it, without credentials.
Result<FoundManifest> ManifestAt(const std::string& from, std::stop_token stop);

/// Out of the layers of an image, by its registry's HTTP API.
Result<FoundManifest> ManifestOfImage(const std::string& name, const std::string& repository,
                                      const std::string& tag, const Environment& environment,
                                      std::stop_token stop);

/// The text of the manifest among the files of a package that was installed in the environment
/// `venv`; none when there is none.
Result<std::optional<std::string>> ManifestInEnvironment(const std::filesystem::path& venv,
                                                         const std::string& name);

/// RFC 3339, in UTC.
std::string InstallTimeText(WallTime time);

}  // namespace millrace
