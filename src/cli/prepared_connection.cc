#include "cli/prepared_connection.h"

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "catalogue/config_validation.h"
#include "catalogue/connector_resolver.h"
#include "cli/local_path_fields.h"
#include "cli/yaml_document.h"

namespace millrace {
namespace {

/// Where each destination's data lands: fields of its configuration, in braces.
struct LocationTemplate {
  std::string_view connector, location;
};
constexpr LocationTemplate kLocations[] = {
    {"destination-csv", "{destination_path}"},
    {"destination-local", "{path}"},
    {"destination-local-json", "{destination_path}"},
    {"destination-s3", "s3://{s3_bucket_name}/{s3_bucket_path}"},
};

/// A low-code manifest and the Python file of the same folder that belongs to it.
struct ManifestFiles {
  std::string text;
  JsonValue manifest;
  std::optional<std::string> components;
};

Result<ManifestFiles> ReadManifest(const std::filesystem::path& path) {
  constexpr int64_t kBytesMax = 16 << 20;
  MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kBytesMax));
  MR_ASSIGN_OR_RETURN(const YamlDocument document,
                      YamlDocument::ParseLiterally(text, path.string()));
  ManifestFiles files{text, JsonValue(document.root()), {}};
  const std::filesystem::path components = path.parent_path() / "components.py";
  std::error_code ignored;
  if (std::filesystem::exists(components, ignored)) {
    MR_ASSIGN_OR_RETURN(files.components, ReadFile(components, kBytesMax));
  }
  return files;
}

Result<RunnableConnector> FindConnector(ConnectorType type, const ConnectionEnd& end,
                                        const std::optional<ManifestFiles>& manifest) {
  const Environment environment = ProcessEnvironment();
  const ConnectorResolver resolver(Catalogue::Embedded(), InstalledConnectors::Of(environment, {}),
                                   environment);
  if (!end.image.empty()) return resolver.ByImage(end.image);
  if (manifest) return resolver.ByManifest(*manifest->manifest);
  if (end.command.empty()) return resolver.ByName(type, end.type, end.version);
  ConnectorProgram program;
  program.command = end.command;
  // By its file's name, for people.
  return RunnableConnector{
      std::filesystem::path(end.command[0]).filename().string(), std::move(program), {}};
}

Status CheckManifestEnd(ConnectorType type, const ConnectionEnd& end) {
  if (type == ConnectorType::kSource) return Status::Ok();
  return ConfigError(
      "{}: a low-code manifest is a source; a destination is named by type, image "
      "or command",
      end.place);
}

}  // namespace

Result<ConnectorConfig> PrepareEnd(ConnectorType type, const ConnectionEnd& end,
                                   const std::filesystem::path& file,
                                   std::vector<std::string>* warnings) {
  std::error_code ignored;
  const auto folder = std::filesystem::absolute(file, ignored).parent_path();
  std::optional<ManifestFiles> manifest;
  if (!end.manifest.empty()) {
    MR_RETURN_IF_ERROR(CheckManifestEnd(type, end));
    auto read = ReadManifest(folder / end.manifest);
    if (!read.ok()) return read.status().WithContext(end.place);
    manifest = *std::move(read);
  }
  auto found = FindConnector(type, end, manifest);
  if (!found.ok()) return found.status().WithContext(end.place);
  if (end.max_silence.count() > 0 && !found->program) {
    return ConfigError(
        "{}: max_seconds_between_messages is for connectors that are programs of their own; {} is "
        "built in",
        end.place, found->name);
  }
  if (end.limits != ResourceLimits() && !found->program) {
    return ConfigError(
        "{}: resources are for connectors that are programs of their own; {} is built in and part "
        "of millrace-attempt",
        end.place, found->name);
  }
  Json config = *end.config;
  if (found->spec) {
    const Json specification = (*found->spec)->value("connectionSpecification", Json::object());
    MR_ASSIGN_OR_RETURN(const CheckedConfig checked,
                        CheckConfig(specification, fmt::format("{}.config", ToString(type)),
                                    end.from_environment, &config));
    warnings->insert(warnings->end(), checked.warnings.begin(), checked.warnings.end());
  }
  if (found->program) {
    found->program->folder = folder.string();
    found->program->from_environment = end.from_environment;
    found->program->limits = end.limits;
    found->program->stall_seconds = end.max_silence.count();
  }
  if (!found->program) ResolveLocalPaths(found->name, folder, &config);
  if (manifest) {
    // Built in, it reads the text, whose lines its errors name.
    config = found->program
                 ? WithManifest(std::move(config), *manifest->manifest, manifest->components)
                 : WithManifest(std::move(config), Json(manifest->text), {});
    if (manifest->components && found->program) AllowComponents(&*found->program);
  } else if (found->manifest) {
    config = WithManifest(std::move(config), Json(*found->manifest), {});
  }
  return ConnectorConfig{found->name, JsonValue(std::move(config)), std::move(found->program)};
}

std::string LocationOf(const ConnectorConfig& destination) {
  for (const LocationTemplate& known : kLocations) {
    if (known.connector != destination.name) continue;
    std::string text(known.location);
    for (size_t open = 0; (open = text.find('{', open)) != std::string::npos;) {
      const size_t close = text.find('}', open);
      const Json value =
          destination.config->value(text.substr(open + 1, close - open - 1), Json(""));
      const std::string field = value.is_string() ? value.get<std::string>() : value.dump();
      text.replace(open, close + 1 - open, field);
      open += field.size();
    }
    return text;
  }
  return "";
}

}  // namespace millrace
