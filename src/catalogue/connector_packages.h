#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalogue/catalogue.h"

namespace millrace {

/// The connector that runs low-code manifests.
inline constexpr std::string_view kManifestRunner = "source-declarative-manifest";

/// The Python package of a connector.
struct ConnectorPackage {
  std::string package;  ///< "airbyte-source-faker"
  std::string version;  ///< the one to install when nobody names another
  /// A newer one that no installer can install; empty: `version` is the newest known.
  std::string passed_over;
};

/// The package of the connector of that full name; none when none is known.
std::optional<ConnectorPackage> PackageOf(const Catalogue& catalogue, std::string_view name);

/// What its package would be called if there were one, as Airbyte names them.
std::string UsualPackageName(std::string_view name);

}  // namespace millrace
