#include "cli/connectors/listed_connector.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "catalogue/connector_packages.h"

namespace millrace {
namespace {

/// Of a connector that the catalogue doesn't know.
CatalogueEntry UnlistedEntry(const InstalledConnector& connector) {
  CatalogueEntry entry;
  entry.name = connector.name;
  entry.display_name = connector.manifest.empty() ? connector.package : connector.name;
  entry.type = connector.name.starts_with("destination-") ? ConnectorType::kDestination
                                                          : ConnectorType::kSource;
  entry.runs = connector.manifest.empty() ? ConnectorKind::kPython : ConnectorKind::kManifest;
  entry.pypi_package = connector.package;
  return entry;
}

std::string ImageText(const CatalogueEntry& entry) {
  return entry.docker_repository +
         (entry.docker_image_tag.empty() ? "" : ":" + entry.docker_image_tag);
}

}  // namespace

InstalledConnectors InstalledConnectorsOf(const CommandLine& line) {
  return InstalledConnectors::Of(ProcessEnvironment(), line.data_dir);
}

std::vector<ListedConnector> ListConnectors(const InstalledConnectors& installed) {
  std::map<std::string, std::vector<InstalledConnector>> versions;
  for (InstalledConnector& connector : installed.List()) {
    std::vector<InstalledConnector>& of_name = versions[connector.name];
    of_name.push_back(std::move(connector));
  }
  std::vector<ListedConnector> list;
  for (const CatalogueEntry& entry : Catalogue::Embedded().entries()) {
    const auto found = versions.find(entry.name);
    list.push_back({entry, {}, {}});
    if (found == versions.end()) continue;
    list.back().versions = std::move(found->second);
    versions.erase(found);
  }
  for (auto& [name, of_name] : versions) list.push_back({UnlistedEntry(of_name[0]), of_name, {}});
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.entry.name < b.entry.name; });
  return list;
}

Json ToJson(const ListedConnector& connector) {
  const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  const CatalogueEntry& entry = connector.entry;
  Json versions = Json::array();
  for (const InstalledConnector& installed : connector.versions) {
    versions.push_back(installed.version);
  }
  return Json{{"name", entry.name},
              {"display_name", entry.display_name},
              {"type", ToString(entry.type)},
              {"definition_id", text(entry.definition_id)},
              {"runs", ToString(entry.runs)},
              {"installed", connector.ready()},
              {"installed_versions", std::move(versions)},
              {"package", text(entry.pypi_package)},
              {"package_version", text(entry.pypi_version)},
              {"docker_repository", text(entry.docker_repository)},
              {"docker_image_tag", text(entry.docker_image_tag)},
              {"support_level", text(entry.support_level)},
              {"release_stage", text(entry.release_stage)},
              {"license", text(entry.license)},
              {"documentation_url", text(entry.documentation_url)}};
}

std::string HowToUse(const ListedConnector& connector) {
  const CatalogueEntry& entry = connector.entry;
  const std::string short_name = entry.name.substr(entry.name.find('-') + 1);
  if (!connector.chosen.empty()) {
    return fmt::format("type: {}, version: {}", short_name, connector.chosen);
  }
  if (entry.runs == ConnectorKind::kBuiltIn && !connector.versions.empty()) {
    return fmt::format("type: {}; with version: {} the installed package", short_name,
                       connector.versions[0].version);
  }
  if (connector.ready()) return "type: " + short_name;
  const auto package = PackageOf(Catalogue::Embedded(), entry.name);
  if (package || entry.runs == ConnectorKind::kManifest) {
    return fmt::format("millrace connectors install {}", entry.name);
  }
  return "image: " + ImageText(entry);
}

}  // namespace millrace
