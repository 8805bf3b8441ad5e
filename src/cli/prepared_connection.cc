#include "cli/prepared_connection.h"

#include <nlohmann/json.hpp>

#include "catalogue/config_validation.h"

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

/// What a connector that isn't built in would need.
std::string_view WhyNot(ConnectorKind kind) {
  switch (kind) {
    case ConnectorKind::kManifest:
      return "it runs from a low-code manifest";
    case ConnectorKind::kPython:
      return "it is a Python package";
    default:
      return "it runs in a container";
  }
}

/// By its file's name, for people.
ConnectorConfig ProgramOf(const ConnectionEnd& end, const std::filesystem::path& file) {
  std::error_code ignored;
  const auto folder = std::filesystem::absolute(file, ignored).parent_path();
  return {std::filesystem::path(end.command[0]).filename().string(), end.config,
          ConnectorProgram{end.command, folder.string(), end.from_environment}};
}

}  // namespace

Result<ConnectorConfig> PrepareEnd(ConnectorType type, const ConnectionEnd& end,
                                   const std::filesystem::path& file,
                                   std::vector<std::string>* warnings) {
  if (!end.command.empty()) return ProgramOf(end, file);
  const auto found = Catalogue::Embedded().Find(type, end.type);
  if (!found.ok()) return found.status().WithContext(end.place);
  const CatalogueEntry& entry = **found;
  if (entry.runs != ConnectorKind::kBuiltIn) {
    return ConfigError(
        "{}: {} is not available in this version: {} (built in: millrace connectors)", end.place,
        entry.name, WhyNot(entry.runs));
  }
  MR_ASSIGN_OR_RETURN(const Json spec, BuiltinSpec(entry.name));
  Json config = *end.config;
  MR_ASSIGN_OR_RETURN(
      const CheckedConfig checked,
      CheckConfig(spec.at("connectionSpecification"), fmt::format("{}.config", ToString(type)),
                  end.from_environment, &config));
  warnings->insert(warnings->end(), checked.warnings.begin(), checked.warnings.end());
  return ConnectorConfig{entry.name, JsonValue(std::move(config)), {}};
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
