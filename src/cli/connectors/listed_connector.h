#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "catalogue/catalogue.h"
#include "catalogue/installed_connectors.h"
#include "cli/command_line.h"

namespace millrace {

/// A connector of the catalogue, or one that was installed beside it, and what of it is installed.
struct ListedConnector {
  CatalogueEntry entry;
  std::vector<InstalledConnector> versions;  ///< the newest first
  std::string chosen;  ///< the version that somebody asked for, alone in `versions`; empty: none

  bool ready() const { return entry.runs == ConnectorKind::kBuiltIn || !versions.empty(); }
};

/// The installed connectors that a command means (--data-dir).
InstalledConnectors InstalledConnectorsOf(const CommandLine& line);

/// Every connector there is, by name.
std::vector<ListedConnector> ListConnectors(const InstalledConnectors& installed);

/// How it is listed: name, type, how it runs, what is installed. What is not known is null.
Json ToJson(const ListedConnector& connector);

/// What to write into a connection file, or to type before: "type: faker".
std::string HowToUse(const ListedConnector& connector);

}  // namespace millrace
