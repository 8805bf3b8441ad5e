#include <nlohmann/json.hpp>

#include "catalogue/connector_packages.h"
#include "catalogue/spec_schema.h"
#include "cli/connectors/connectors_actions.h"
#include "cli/connectors/listed_connector.h"
#include "cli/connectors/named_version.h"
#include "cli/console.h"
#include "cli/refusal.h"

namespace millrace {
namespace {

/// "integer, 1 to 65535, default 5432".
std::string FieldText(const Json& schema) {
  std::string text = fmt::format("{}", fmt::join(TypesOf(schema), " or "));
  if (const Json* branches = BranchesOf(schema)) {
    const std::string discriminator = DiscriminatorOf(*branches);
    std::vector<std::string> values;
    for (const Json& branch : *branches) {
      const Json* value =
          discriminator.empty() ? nullptr : DiscriminatorValue(branch, discriminator);
      if (value != nullptr && value->is_string()) values.push_back(value->get<std::string>());
    }
    if (!values.empty()) text = fmt::format("{}: {}", discriminator, fmt::join(values, " | "));
  }
  if (const auto found = schema.find("enum"); found != schema.end()) {
    std::vector<std::string> values;
    for (const Json& value : *found) {
      values.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
    text = fmt::format("{}", fmt::join(values, " | "));
  }
  if (const auto found = schema.find("default"); found != schema.end()) {
    text += " = " + (found->is_string() ? found->get<std::string>() : found->dump());
  }
  if (schema.value("airbyte_secret", Json(false)) == Json(true)) text += " (secret)";
  return text;
}

std::string FieldsTable(const Json& schema, const Console::Style& style) {
  const Json required = schema.value("required", Json::array());
  std::vector<std::vector<std::string>> rows = {{"FIELD", "", "VALUE", "WHAT IT IS"}};
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [key, field] : properties.items()) {
    const bool needed = std::find(required.begin(), required.end(), Json(key)) != required.end();
    const Json title = field.value("title", Json(""));
    rows.push_back({key, needed ? "required" : "", CutToWidth(FieldText(field), 60),
                    title.is_string() ? title.get<std::string>() : ""});
  }
  return FormatTable(rows, {false, false, false, false}, style);
}

/// The connector of that name, among those of the catalogue and the installed ones.
Result<ListedConnector> FindListed(const InstalledConnectors& installed, const std::string& name) {
  for (ListedConnector& connector : ListConnectors(installed)) {
    if (connector.entry.name == name) return std::move(connector);
  }
  const auto package = PackageOf(Catalogue::Embedded(), name);
  if (!package) return Catalogue::Embedded().Find(name).status();
  ListedConnector unlisted;
  unlisted.entry.name = name;
  unlisted.entry.display_name = package->package;
  unlisted.entry.runs = ConnectorKind::kPython;
  unlisted.entry.pypi_package = package->package;
  unlisted.entry.pypi_version = package->version;
  unlisted.entry.type =
      name.starts_with("destination-") ? ConnectorType::kDestination : ConnectorType::kSource;
  return unlisted;
}

/// Leaves only the version that is asked for, as it is installed. A config error: it isn't.
Status ChooseVersion(const std::string& version, ListedConnector* connector) {
  if (version.empty()) return Status::Ok();
  std::string others;
  for (const InstalledConnector& installed : connector->versions) {
    if (installed.version == version) {
      connector->versions = {InstalledConnector(installed)};
      connector->chosen = version;
      connector->entry.runs = ConnectorKind::kPython;  // also of one that is built in
      connector->entry.pypi_version = version;
      return Status::Ok();
    }
    others += (others.empty() ? "" : ", ") + installed.version;
  }
  const std::string& name = connector->entry.name;
  const auto package = PackageOf(Catalogue::Embedded(), name);
  return ConfigError("{} {} is not installed{}{}: {}", name, version,
                     others.empty() ? "" : "; installed: ", others,
                     package ? fmt::format("millrace connectors install {}=={}", name, version)
                             : "there is no Python package of it that is known");
}

/// The built-in one's, else the newest installed one's; null when none is known.
Result<Json> KnownSpec(const ListedConnector& connector) {
  if (connector.entry.runs == ConnectorKind::kBuiltIn) return BuiltinSpec(connector.entry.name);
  if (connector.versions.empty()) return Json();
  return Json(*connector.versions[0].spec);
}

std::string InstalledText(const ListedConnector& connector) {
  std::string text;
  for (const InstalledConnector& installed : connector.versions) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", installed.version,
                        installed.manifest.empty() ? "Python " + installed.python_version
                                                   : "manifest of " + installed.origin);
  }
  return text;
}

std::string FactsText(const ListedConnector& connector, const Console::Style& style) {
  const CatalogueEntry& entry = connector.entry;
  // What upstream ships says nothing about a connector of ours.
  const bool upstream = entry.runs != ConnectorKind::kBuiltIn;
  std::string image = upstream ? entry.docker_repository : "";
  if (!image.empty() && !entry.docker_image_tag.empty()) image += ":" + entry.docker_image_tag;
  const std::string package =
      entry.pypi_package.empty() ? "" : entry.pypi_package + " " + entry.pypi_version;
  const std::pair<const char*, std::string> facts[] = {
      {"type", std::string(ToString(entry.type))},
      {"runs as", std::string(ToString(entry.runs)) + (connector.ready() ? ", ready to use" : "")},
      {"to use it", HowToUse(connector)},
      {"installed", InstalledText(connector)},
      {"definition id", entry.definition_id},
      {"image", image},
      {"package", package},
      {"support", upstream ? entry.support_level : ""},
      {"licence", upstream ? entry.license : ""},
      {"documentation", upstream ? entry.documentation_url : ""}};
  std::string text =
      fmt::format("{}{}{}  {}\n", style.bold, entry.name, style.reset, entry.display_name);
  for (const auto& [label, value] : facts) {
    if (!value.empty()) text += fmt::format("  {:14}{}\n", label, value);
  }
  return text;
}

}  // namespace

int ShowConnectorAction(const CommandLine& line) {
  const auto named = NamedVersionOf(line);
  if (!named.ok()) return Refuse(line, named.status(), kExitUsage);
  auto found = FindListed(InstalledConnectorsOf(line), named->name);
  if (!found.ok()) return Refuse(line, found.status(), kExitUsage);
  const Status chosen = ChooseVersion(named->version, &*found);
  if (!chosen.ok()) return Refuse(line, chosen, kExitUsage);
  const auto spec = KnownSpec(*found);
  if (!spec.ok()) return Refuse(line, spec.status(), kExitFailed);
  if (line.json) {
    Json json = ToJson(*found);
    json["to_use_it"] = HowToUse(*found);
    if (!spec->is_null()) json["spec"] = *spec;
    Console::OutJson(json);
    return kExitDone;
  }
  const Console::Style& style = Console::OutStyle();
  std::string text = FactsText(*found, style);
  const Json schema = spec->is_null() ? Json() : spec->value("connectionSpecification", Json());
  if (schema.is_object()) text += "\n" + FieldsTable(schema, style);
  Console::Out(text);
  return kExitDone;
}

}  // namespace millrace
