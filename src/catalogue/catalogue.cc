#include "catalogue/catalogue.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/nearest_names.h"
#include "catalogue/embedded_data.h"

namespace millrace {
namespace {

constexpr std::string_view kKinds[] = {"built-in", "manifest", "python", "container"};
constexpr std::string_view kTypes[] = {"source", "destination"};

/// What the data's "runnable" means here.
const std::map<std::string_view, ConnectorKind> kRunnable = {
    {"manifest", ConnectorKind::kManifest},
    {"manifest+python", ConnectorKind::kPython},
    {"pypi", ConnectorKind::kPython},
    {"docker", ConnectorKind::kContainer},
};

/// Connectors that Airbyte doesn't have.
struct OwnConnector {
  std::string_view name, display_name, definition_id;
};
constexpr OwnConnector kOwnConnectors[] = {
    {"destination-local", "Local", "51bce31e-57b6-4902-9523-8252914478c1"},
    {"source-rest", "REST API", "e1b6c7a4-4a0d-4f0e-9d3e-7c2f5b9a8d16"},
};

std::string Text(const Json& row, const char* field) {
  const auto found = row.find(field);
  return found != row.end() && found->is_string() ? found->get<std::string>() : "";
}

CatalogueEntry EntryOfRow(const Json& row) {
  CatalogueEntry entry;
  entry.display_name = Text(row, "name");
  entry.type = Text(row, "type") == "source" ? ConnectorType::kSource : ConnectorType::kDestination;
  entry.definition_id = Text(row, "definition_id");
  entry.docker_repository = Text(row, "docker_repository");
  entry.name = entry.docker_repository.substr(entry.docker_repository.rfind('/') + 1);
  entry.docker_image_tag = Text(row, "docker_image_tag");
  entry.pypi_package = Text(row, "pypi_package");
  entry.pypi_version = Text(row, "pypi_version");
  entry.pypi_fallback_version = Text(row, "pypi_fallback_version");
  entry.subtype = Text(row, "connector_subtype");
  entry.support_level = Text(row, "support_level");
  entry.release_stage = Text(row, "release_stage");
  entry.license = Text(row, "license");
  entry.documentation_url = Text(row, "documentation_url");
  const auto kind = kRunnable.find(Text(row, "runnable"));
  if (kind != kRunnable.end()) entry.runs = kind->second;
  return entry;
}

std::vector<std::string> NamesOf(const std::vector<CatalogueEntry>& entries) {
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : entries) names.push_back(entry.name);
  return names;
}

/// Without "source-" and "destination-".
std::vector<std::string> ShortNamesOf(const std::vector<CatalogueEntry>& entries,
                                      ConnectorType type) {
  const std::string prefix = std::string(ToString(type)) + "-";
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : entries) {
    const bool prefixed = entry.type == type && entry.name.starts_with(prefix);
    if (prefixed) names.push_back(entry.name.substr(prefix.size()));
  }
  return names;
}

}  // namespace

std::string_view ToString(ConnectorKind kind) { return kKinds[static_cast<int>(kind)]; }
std::string_view ToString(ConnectorType type) { return kTypes[static_cast<int>(type)]; }

const Catalogue& Catalogue::Embedded() {
  static const Catalogue catalogue;
  return catalogue;
}

Catalogue::Catalogue() {
  for (const Json& row : Json::parse(EmbeddedConnectors())) entries_.push_back(EntryOfRow(row));
  for (const OwnConnector& own : kOwnConnectors) {
    CatalogueEntry entry;
    entry.name = own.name;
    entry.display_name = own.display_name;
    entry.definition_id = own.definition_id;
    entry.type =
        own.name.starts_with("source-") ? ConnectorType::kSource : ConnectorType::kDestination;
    entries_.push_back(std::move(entry));
  }
  for (CatalogueEntry& entry : entries_) {
    for (const EmbeddedSpec& spec : EmbeddedSpecs()) {
      if (spec.name != entry.name) continue;
      entry.runs = ConnectorKind::kBuiltIn;
      entry.installed = true;
    }
  }
  // An own connector without its specification is not part of this build.
  std::erase_if(entries_, [](const CatalogueEntry& entry) {
    return entry.docker_repository.empty() && entry.runs != ConnectorKind::kBuiltIn;
  });
  std::sort(entries_.begin(), entries_.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

Result<const CatalogueEntry*> Catalogue::Find(std::string_view name) const {
  const auto found = std::lower_bound(
      entries_.begin(), entries_.end(), name,
      [](const CatalogueEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  if (found != entries_.end() && found->name == name) return &*found;
  return ConfigError("there is no connector \"{}\"{}", name, Suggestion(name));
}

std::string Catalogue::Suggestion(std::string_view name) const {
  std::vector<std::string> exact, near;
  for (const ConnectorType type : {ConnectorType::kSource, ConnectorType::kDestination}) {
    const std::string prefix = std::string(ToString(type)) + "-";
    if (name.starts_with(prefix)) return DidYouMean(name, NamesOf(entries_));
    for (const std::string& close : NearestNames(name, ShortNamesOf(entries_, type), 2)) {
      (close == name ? exact : near).push_back(prefix + close);
    }
  }
  const std::vector<std::string>& meant = exact.empty() ? near : exact;
  return meant.empty() ? "" : fmt::format("; did you mean {}?", fmt::join(meant, " or "));
}

Result<const CatalogueEntry*> Catalogue::Find(ConnectorType type, std::string_view name) const {
  const std::string prefix = std::string(ToString(type)) + "-";
  const std::string full =
      name.starts_with(prefix) ? std::string(name) : prefix + std::string(name);
  const auto found = Find(full);
  if (found.ok()) return found;
  // A few of the community's have names of another form.
  const auto as_written = Find(name);
  if (as_written.ok() && (*as_written)->type == type) return as_written;
  return ConfigError("there is no {} \"{}\"{}", ToString(type), name,
                     DidYouMean(full.substr(prefix.size()), ShortNamesOf(entries_, type)));
}

Result<Json> BuiltinSpec(std::string_view name) {
  for (const EmbeddedSpec& spec : EmbeddedSpecs()) {
    if (spec.name != name) continue;
    Json json = Json::parse(spec.json, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("connectionSpecification")) {
      return SystemError("the embedded specification of {} is not one", name);
    }
    return json;
  }
  return ConfigError("this version can't run {} yet: `millrace connectors` lists what it can",
                     name);
}

}  // namespace millrace
