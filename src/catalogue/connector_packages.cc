#include "catalogue/connector_packages.h"

namespace millrace {
namespace {

/// Packages of connectors that the catalogue doesn't list.
struct UnlistedPackage {
  std::string_view name, package, version;
};
constexpr UnlistedPackage kUnlisted[] = {
    // The package of its own name stays at an old version: the CDK brings the program along.
    {kManifestRunner, "airbyte-cdk", "7.39.1"},
    {"destination-ailake", "airbyte-destination-ailake", "0.1.16"},
    {"source-datadog-usage", "airbyte-source-datadog-usage", "0.2.5"},
    {"source-smoke-test", "airbyte-source-smoke-test", "0.1.2"},
    {"source-wave-pro", "airbyte-source-wave-pro", "0.1.1"},
    {"source-workday-raas", "airbyte-source-workday-raas", "0.1.0.dev202408051803"},
};

}  // namespace

std::optional<ConnectorPackage> PackageOf(const Catalogue& catalogue, std::string_view name) {
  for (const UnlistedPackage& unlisted : kUnlisted) {
    if (unlisted.name != name) continue;
    return ConnectorPackage{std::string(unlisted.package), std::string(unlisted.version), ""};
  }
  const auto entry = catalogue.Find(name);
  if (!entry.ok() || (*entry)->pypi_package.empty()) return std::nullopt;
  const CatalogueEntry& known = **entry;
  if (known.pypi_fallback_version.empty()) {
    return ConnectorPackage{known.pypi_package, known.pypi_version, ""};
  }
  return ConnectorPackage{known.pypi_package, known.pypi_fallback_version, known.pypi_version};
}

std::string UsualPackageName(std::string_view name) { return "airbyte-" + std::string(name); }

}  // namespace millrace
