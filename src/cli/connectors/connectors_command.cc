#include "cli/commands.h"
#include "cli/connectors/connectors_actions.h"

namespace millrace {

int RunConnectors(const CommandLine& line) {
  constexpr std::pair<std::string_view, int (*)(const CommandLine&)> kActions[] = {
      {"list", ListConnectorsAction},
      {"show", ShowConnectorAction},
      {"install", InstallConnectorAction},
      {"remove", RemoveConnectorAction},
      {"new", NewConnectorAction}};
  for (const auto& [name, run] : kActions) {
    if (line.action == name) return run(line);
  }
  return ListConnectorsAction(line);
}

}  // namespace millrace
