#include "cli/server_resources.h"

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "cli/server_folder.h"
#include "cli/yaml_section.h"

namespace millrace {
namespace {

constexpr std::pair<const char*, ResourceRequirements DefaultResources::*> kParts[] = {
    {"source", &DefaultResources::source},
    {"destination", &DefaultResources::destination},
    {"orchestrator", &DefaultResources::orchestrator}};

/// Amounts without quotes are numbers to YAML.
Json WithTexts(const Json& amounts) {
  if (!amounts.is_object()) return amounts;
  Json texts = Json::object();
  for (const auto& [key, amount] : amounts.items()) {
    texts[key] = amount.is_number() ? Json(amount.dump()) : amount;
  }
  return texts;
}

Result<DefaultResources> Read(const YamlDocument& document) {
  DefaultResources resources;
  MR_ASSIGN_OR_RETURN(const YamlSection file, YamlSection::At(document, ""));
  MR_RETURN_IF_ERROR(file.AllowOnly({"resources"}));
  if (file.Find("resources") == nullptr) return resources;
  MR_ASSIGN_OR_RETURN(const YamlSection section,
                      YamlSection::At(document, file.PointerOf("resources")));
  MR_RETURN_IF_ERROR(section.AllowOnly({"source", "destination", "orchestrator"}));
  for (const auto& [name, part] : kParts) {
    const Json* const amounts = section.Find(name);
    if (amounts == nullptr) continue;
    auto read = RequirementsFromJson(WithTexts(*amounts), name);
    if (!read.ok()) return section.ErrorAt(name, read.status().ToString());
    resources.*part = *read;
  }
  return resources;
}

}  // namespace

Result<DefaultResources> ResourcesOfServer(const CommandLine& line) {
  std::filesystem::path path = line.config_file;
  if (path.empty()) {
    path = ServerFolder(line) / "config.yaml";
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return DefaultResources();
  }
  auto text = ReadFile(path);
  if (!text.ok()) return ConfigError("{}", text.status().ToString());
  MR_ASSIGN_OR_RETURN(const YamlDocument document,
                      YamlDocument::Parse(*text, path.string(), ProcessEnvironment()));
  return Read(document);
}

}  // namespace millrace
