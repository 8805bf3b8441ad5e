#pragma once

#include <span>
#include <string_view>

namespace millrace {

/// One built-in connector's spec.json, as it stands in the connector's folder.
struct EmbeddedSpec {
  std::string_view name;  ///< "source-postgres"
  std::string_view json;
};

/// The text of connectors.json: every connector of Airbyte, as data. Compiled in.
std::string_view EmbeddedConnectors();
/// By name. Compiled in from src/sources/*/spec.json and src/destinations/*/spec.json.
std::span<const EmbeddedSpec> EmbeddedSpecs();

}  // namespace millrace
