#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment_text.h"
#include "base/json.h"
#include "base/result.h"
#include "protocol/json_field.h"

namespace millrace {

/// A connector that was installed, a Python package or a low-code manifest: what its record says. A
/// plain value.
struct InstalledConnector {
  std::string name;                  ///< "source-faker"
  std::string package;               ///< "airbyte-source-faker"; empty: a manifest
  std::string version;               ///< the package's, as it is really there
  std::string python_version;        ///< "3.11.2"
  std::filesystem::path executable;  ///< absolute; empty: a manifest
  std::string installed_at;          ///< RFC 3339
  JsonValue spec;                    ///< the ConnectorSpecification that it printed when installed
  std::filesystem::path manifest{};  ///< absolute; its file, which Millrace runs; empty: a package
  std::string origin{};              ///< of a manifest, for people: "package airbyte-source-x 1.0"
};

Json ToJson(const InstalledConnector& connector);

/// The folder of installed connectors: NAME/VERSION/ holds the package's private environment
/// (`venv`), or the manifest (`manifest.yaml`), and its record (`connector.json`), which is written
/// last: without it nothing is installed there. Cheap to make; reads the folder on every call. Any
/// thread.
class InstalledConnectors {
 public:
  explicit InstalledConnectors(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// MILLRACE_CONNECTORS_DIR, else `connectors` in `data_folder`, else in ~/.millrace. Absolute.
  static InstalledConnectors Of(const Environment& environment,
                                const std::filesystem::path& data_folder);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path FolderOf(std::string_view name) const;
  std::filesystem::path FolderOf(std::string_view name, std::string_view version) const;

  /// Every one that is whole: by name, the newest version first.
  std::vector<InstalledConnector> List() const;
  /// The same of one name.
  std::vector<InstalledConnector> VersionsOf(std::string_view name) const;
  /// Without a `version` the newest.
  std::optional<InstalledConnector> Find(std::string_view name, std::string_view version) const;

  /// Writes the record that makes it installed; durable when it returns.
  Status Record(const InstalledConnector& connector) const;
  /// Takes the record away, so that it is installed no more; durable when it returns.
  Status Forget(std::string_view name, std::string_view version) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace millrace
