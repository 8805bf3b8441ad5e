#pragma once

#include "control/definitions/definitions.h"

namespace millrace {

/// For tests: the catalogue on a machine where nothing is installed and nobody's programs are run.
inline const Definitions& BuiltInDefinitions() {
  static const Definitions definitions(
      Catalogue::Embedded(),
      ConnectorResolver(Catalogue::Embedded(), InstalledConnectors("/nowhere"),
                        [](const std::string&) { return std::nullopt; }),
      {"/", false});
  return definitions;
}

}  // namespace millrace
