#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// How Millrace runs a connector.
enum class ConnectorKind { kBuiltIn, kManifest, kPython, kContainer };
/// "built-in", "manifest", "python", "container".
std::string_view ToString(ConnectorKind kind);

enum class ConnectorType { kSource, kDestination };
/// "source", "destination".
std::string_view ToString(ConnectorType type);

/// One connector that exists somewhere. Empty text: not known.
struct CatalogueEntry {
  std::string name;          ///< Airbyte's: "source-postgres"
  std::string display_name;  ///< "Postgres"
  ConnectorType type = ConnectorType::kSource;
  std::string definition_id;  ///< UUID
  ConnectorKind runs = ConnectorKind::kContainer;
  bool installed = false;  ///< can be used as it is; every built-in one
  std::string docker_repository;
  std::string docker_image_tag;
  std::string pypi_package;
  std::string pypi_version;           ///< the newest one of `pypi_package`
  std::string pypi_fallback_version;  ///< to be installed in its place: it can't be
  std::string subtype;                ///< Airbyte's: api, file, database …
  std::string support_level;
  std::string release_stage;
  std::string license;
  std::string documentation_url;
};

/// Every connector that exists: Airbyte's catalogue, and the ones that Millrace adds. Read once
/// from the embedded data, on first use; immutable afterwards; thread-safe.
class Catalogue {
 public:
  static const Catalogue& Embedded();

  /// By name.
  const std::vector<CatalogueEntry>& entries() const { return entries_; }

  /// By full name. A config error offers the nearest names.
  Result<const CatalogueEntry*> Find(std::string_view name) const;
  /// For the end of a message about a name that is none: "; did you mean source-faker?", also for
  /// "faker". Empty: none is near.
  std::string Suggestion(std::string_view name) const;
  /// By what a connection file calls it: "postgres" or "source-postgres".
  Result<const CatalogueEntry*> Find(ConnectorType type, std::string_view name) const;

 private:
  Catalogue();
  std::vector<CatalogueEntry> entries_;
};

/// A built-in connector's ConnectorSpecification: {"connectionSpecification": …, …}. A config
/// error when `name` is not built in.
Result<Json> BuiltinSpec(std::string_view name);

}  // namespace millrace
