#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/environment_text.h"
#include "base/json.h"
#include "base/result.h"
#include "catalogue/catalogue.h"
#include "catalogue/installed_connectors.h"
#include "protocol/connector_program.h"
#include "protocol/json_field.h"

namespace millrace {

/// A connector that can be run here and now.
struct RunnableConnector {
  std::string name;  ///< "source-github"; of a manifest what runs it
  /// Absent: it is built in. Where it works (`folder`) and what of its configuration came from the
  /// environment is for the caller to fill in.
  std::optional<ConnectorProgram> program;
  /// Its ConnectorSpecification: whoever has one holds the configuration against it before anything
  /// is started. Absent: only the program knows it.
  std::optional<JsonValue> spec;
  /// The text of an installed manifest: the configuration must be passed through WithManifest.
  std::optional<std::string> manifest = {};
};

/// Finds what runs the connector that somebody named: by a name, an image or a low-code manifest.
/// Config errors only: no such connector, or what to do so that it can be run. Contacts and starts
/// nothing. Any thread.
class ConnectorResolver {
 public:
  /// `catalogue` outlives the resolver.
  ConnectorResolver(const Catalogue& catalogue, InstalledConnectors installed,
                    Environment environment)
      : catalogue_(catalogue),
        installed_(std::move(installed)),
        environment_(std::move(environment)) {}

  /// By "github" or "source-github": the built-in one, else the newest installed package or
  /// manifest. With a `version` always the installed one of that version.
  Result<RunnableConnector> ByName(ConnectorType type, std::string_view name,
                                   std::string_view version) const;

  /// A container of that image, run by the engine of this machine.
  Result<RunnableConnector> ByImage(const std::string& image) const;

  /// A low-code manifest: built in, or, where NeedsInterpreter, run by the installed
  /// source-declarative-manifest (its newest version). The specification is the manifest's. The
  /// configuration must be passed through `WithManifest` after it was held against that.
  Result<RunnableConnector> ByManifest(const Json& manifest) const;

  const InstalledConnectors& installed() const { return installed_; }

 private:
  Status NotInstalled(const CatalogueEntry* entry, const std::string& name,
                      std::string_view version) const;

  const Catalogue& catalogue_;
  const InstalledConnectors installed_;
  const Environment environment_;
};

/// What of a manifest only Airbyte's interpreter can run: classes of Python (class_name), and the
/// components that the built-in engine doesn't have; empty: nothing.
std::string NeedsInterpreter(const Json& manifest);

/// The configuration as source-declarative-manifest takes it: with the manifest in it and, when
/// there is one, the text of its components.py, which then runs with the connector's rights (see
/// AllowComponents).
Json WithManifest(Json config, const Json& manifest, const std::optional<std::string>& components);
/// Lets a manifest's program run its components.py.
void AllowComponents(ConnectorProgram* program);

/// The ConnectorSpecification that a manifest has; one that takes every configuration when it has
/// none.
Json SpecificationOfManifest(const Json& manifest);

}  // namespace millrace
