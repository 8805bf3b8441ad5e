#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/lower_case.h"
#include "cli/connectors/connectors_actions.h"
#include "cli/connectors/listed_connector.h"
#include "cli/console.h"

namespace millrace {
namespace {

/// Whether every word that was asked for stands in the name or title.
bool HasWords(const CatalogueEntry& entry, const std::vector<std::string>& words) {
  const std::string text = LowerCaseOf(entry.name + " " + entry.display_name);
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return text.find(LowerCaseOf(word)) != std::string::npos;
  });
}

bool IsWanted(const ListedConnector& connector, const CommandLine& line) {
  const CatalogueEntry& entry = connector.entry;
  return (line.type.empty() || ToString(entry.type) == line.type) &&
         (line.runs.empty() || ToString(entry.runs) == line.runs) &&
         (!line.installed || connector.ready()) && HasWords(entry, line.words);
}

/// "ready", "installed: 7.2.1", "ready; also 7.2.1".
std::string ReadinessText(const ListedConnector& connector) {
  std::string versions;
  for (const InstalledConnector& installed : connector.versions) {
    versions += (versions.empty() ? "" : ", ") + installed.version;
  }
  if (connector.entry.runs != ConnectorKind::kBuiltIn) {
    return versions.empty() ? "" : "installed: " + versions;
  }
  return versions.empty() ? "ready" : "ready; also " + versions;
}

}  // namespace

int ListConnectorsAction(const CommandLine& line) {
  std::vector<ListedConnector> list = ListConnectors(InstalledConnectorsOf(line));
  std::erase_if(list, [&](const ListedConnector& connector) { return !IsWanted(connector, line); });
  if (line.json) {
    Json json = Json::array();
    for (const ListedConnector& connector : list) json.push_back(ToJson(connector));
    Console::OutJson(json);
    return kExitDone;
  }
  std::vector<std::vector<std::string>> rows = {{"NAME", "TITLE", "RUNS AS", ""}};
  int64_t ready = 0;
  for (const ListedConnector& connector : list) {
    ready += connector.ready() ? 1 : 0;
    rows.push_back({connector.entry.name, CutToWidth(connector.entry.display_name, 40),
                    std::string(ToString(connector.entry.runs)), ReadinessText(connector)});
  }
  if (!list.empty())
    Console::Out(FormatTable(rows, {false, false, false, false}, Console::OutStyle()));
  Console::Out(fmt::format(
      "{}{} connector{}, {} ready to use. More about one: millrace connectors show NAME\n",
      list.empty() ? "" : "\n", list.size(), list.size() == 1 ? "" : "s", ready));
  return kExitDone;
}

}  // namespace millrace
