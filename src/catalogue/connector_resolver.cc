#include "catalogue/connector_resolver.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "catalogue/connector_naming.h"
#include "catalogue/connector_packages.h"
#include "clients/s3/sigv4.h"
#include "subprocess/container_engine.h"

namespace millrace {
namespace {

constexpr int64_t kManifestBytesMax = 16 << 20;

std::string FullName(ConnectorType type, std::string_view name) {
  const std::string prefix = std::string(ToString(type)) + "-";
  return (name.starts_with(prefix) ? "" : prefix) + std::string(name);
}

Result<RunnableConnector> Installed(const InstalledConnector& connector) {
  if (!connector.manifest.empty()) {
    MR_ASSIGN_OR_RETURN(std::string text, ReadFile(connector.manifest, kManifestBytesMax));
    return RunnableConnector{std::string(kManifestRunner), {}, connector.spec, std::move(text)};
  }
  ConnectorProgram program;
  program.command = {connector.executable.string()};
  program.specification = connector.spec;
  return RunnableConnector{connector.name, std::move(program), connector.spec, {}};
}

std::string InstallCommand(std::string_view name, std::string_view version) {
  return fmt::format("millrace connectors install {}{}{}", name,
                     version.empty() ? "" : "==", version);
}

/// "airbyte/source-x:1.2.3".
std::string ImageOf(const CatalogueEntry& entry) {
  return entry.docker_repository +
         (entry.docker_image_tag.empty() ? "" : ":" + entry.docker_image_tag);
}

}  // namespace

Result<RunnableConnector> ConnectorResolver::ByName(ConnectorType type, std::string_view name,
                                                    std::string_view version) const {
  const auto found = catalogue_.Find(type, name);
  const CatalogueEntry* const entry = found.ok() ? *found : nullptr;
  const std::string full = entry != nullptr ? entry->name : FullName(type, name);
  if (version.empty() && entry != nullptr && entry->runs == ConnectorKind::kBuiltIn) {
    MR_ASSIGN_OR_RETURN(Json spec, BuiltinSpec(full));
    return RunnableConnector{full, {}, JsonValue(std::move(spec))};
  }
  if (!version.empty()) MR_RETURN_IF_ERROR(CheckConnectorVersion(version));
  const auto installed = installed_.Find(full, version);
  if (installed) return Installed(*installed);
  const bool known =
      entry != nullptr || PackageOf(catalogue_, full) || !installed_.VersionsOf(full).empty();
  return known ? NotInstalled(entry, full, version) : found.status();
}

Status ConnectorResolver::NotInstalled(const CatalogueEntry* entry, const std::string& name,
                                       std::string_view version) const {
  std::string versions;
  for (const InstalledConnector& other : installed_.VersionsOf(name)) {
    versions += (versions.empty() ? "" : ", ") + other.version;
  }
  if (!versions.empty()) {
    return ConfigError("{} {} is not installed (installed: {}): {}", name, version, versions,
                       InstallCommand(name, version));
  }
  const auto package = PackageOf(catalogue_, name);
  const bool built_in = entry != nullptr && entry->runs == ConnectorKind::kBuiltIn;
  if (package) {
    return ConfigError("{} is not installed: {}{}", name, InstallCommand(name, version),
                       built_in ? " (without a version it is the built-in one)" : "");
  }
  if (built_in) {
    return ConfigError("{} is built in, and there is no Python package of it: leave version out",
                       name);
  }
  if (entry->runs == ConnectorKind::kManifest) {
    return ConfigError(
        "{} runs from a low-code manifest: {}, or name it as manifest: FILE.yaml, or as image: {} "
        "where docker or podman is",
        name, InstallCommand(name, version), ImageOf(*entry));
  }
  return ConfigError("{} runs in a container: name it as image: {}", name, ImageOf(*entry));
}

Result<RunnableConnector> ConnectorResolver::ByImage(const std::string& image) const {
  MR_RETURN_IF_ERROR(CheckImageName(image));
  const auto engine = FindContainerEngine(environment_);
  if (!engine.ok()) return engine.status().WithContext(image);
  ConnectorProgram program;
  program.command = {engine->string()};
  const std::string network = environment_("MILLRACE_CONTAINER_NETWORK").value_or("");
  if (!network.empty()) program.command.push_back("--network=" + network);
  program.image = image;
  return RunnableConnector{ConnectorNameOfImage(image), std::move(program), {}};
}

Result<RunnableConnector> ConnectorResolver::ByManifest(const Json& manifest) const {
  if (!manifest.is_object() ||
      (!manifest.contains("streams") && !manifest.contains("dynamic_streams"))) {
    return ConfigError("this is no low-code manifest: it has no streams");
  }
  const std::string needs = NeedsInterpreter(manifest);
  if (needs.empty()) {
    return RunnableConnector{
        std::string(kManifestRunner), {}, JsonValue(SpecificationOfManifest(manifest))};
  }
  const auto runner = installed_.Find(kManifestRunner, "");
  if (!runner) {
    return ConfigError("a manifest with {} is run by {}, which is not installed: {}", needs,
                       kManifestRunner, InstallCommand(kManifestRunner, ""));
  }
  MR_ASSIGN_OR_RETURN(RunnableConnector connector, Installed(*runner));
  connector.spec = JsonValue(SpecificationOfManifest(manifest));
  connector.program->specification = connector.spec;
  return connector;
}

std::string NeedsInterpreter(const Json& manifest) {
  if (!manifest.is_structured()) return "";
  constexpr const char* kOnlyThere[] = {"class_name", "file_uploader", "stream_groups",
                                        "config_overrides"};
  for (const char* field : kOnlyThere) {
    if (manifest.is_object() && manifest.contains(field)) return field;
  }
  for (const Json& member : manifest) {
    if (std::string found = NeedsInterpreter(member); !found.empty()) return found;
  }
  return "";
}

Json WithManifest(Json config, const Json& manifest, const std::optional<std::string>& components) {
  config["__injected_declarative_manifest"] = manifest;
  if (components && !components->empty()) {
    config["__injected_components_py"] = *components;
    config["__injected_components_py_checksums"] = {{"sha256", Sha256Hex(*components)}};
  }
  return config;
}

void AllowComponents(ConnectorProgram* program) {
  program->environment["AIRBYTE_ENABLE_UNSAFE_CODE"] = "true";
}

Json SpecificationOfManifest(const Json& manifest) {
  const Json spec = manifest.value("spec", Json());
  Json schema = spec.is_object() ? spec.value("connection_specification", Json()) : Json();
  if (!schema.is_object()) schema = {{"type", "object"}, {"additionalProperties", true}};
  Json result{{"connectionSpecification", std::move(schema)}};
  if (spec.is_object() && spec.contains("documentation_url")) {
    result["documentationUrl"] = spec["documentation_url"];
  }
  return result;
}

}  // namespace millrace
