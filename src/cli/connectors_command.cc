#include <nlohmann/json.hpp>

#include "catalogue/catalogue.h"
#include "catalogue/spec_schema.h"
#include "cli/commands.h"
#include "cli/console.h"

namespace millrace {
namespace {

Json EntryJson(const CatalogueEntry& entry) {
  const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  return Json{{"name", entry.name},
              {"display_name", entry.display_name},
              {"type", ToString(entry.type)},
              {"definition_id", entry.definition_id},
              {"runs", ToString(entry.runs)},
              {"installed", entry.installed},
              {"docker_repository", text(entry.docker_repository)},
              {"docker_image_tag", text(entry.docker_image_tag)},
              {"support_level", text(entry.support_level)},
              {"release_stage", text(entry.release_stage)},
              {"license", text(entry.license)},
              {"documentation_url", text(entry.documentation_url)}};
}

int List(const CommandLine& line) {
  const auto& entries = Catalogue::Embedded().entries();
  if (line.json) {
    Json list = Json::array();
    for (const CatalogueEntry& entry : entries) list.push_back(EntryJson(entry));
    Console::OutJson(list);
    return kExitDone;
  }
  std::vector<std::vector<std::string>> rows = {{"NAME", "TITLE", "RUNS AS", ""}};
  size_t builtin = 0;
  for (const CatalogueEntry& entry : entries) {
    builtin += entry.runs == ConnectorKind::kBuiltIn;
    rows.push_back({entry.name, CutToWidth(entry.display_name, 40),
                    std::string(ToString(entry.runs)), entry.installed ? "ready" : ""});
  }
  Console::Out(FormatTable(rows, {false, false, false, false}, Console::OutStyle()));
  Console::Out(
      fmt::format("\n{} connectors, {} of them built in. More about one: millrace "
                  "connectors show NAME\n",
                  entries.size(), builtin));
  return kExitDone;
}

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

int Show(const CommandLine& line) {
  const auto found = Catalogue::Embedded().Find(line.name);
  if (!found.ok()) return Console::Fail(found.status(), line.verbose), kExitUsage;
  const CatalogueEntry& entry = **found;
  Json json = EntryJson(entry);
  if (entry.runs == ConnectorKind::kBuiltIn) {
    const auto spec = BuiltinSpec(entry.name);
    if (!spec.ok()) return Console::Fail(spec.status(), line.verbose);
    json["spec"] = *spec;
  }
  if (line.json) {
    Console::OutJson(json);
    return kExitDone;
  }
  const Console::Style& style = Console::OutStyle();
  // What upstream ships says nothing about a connector of ours.
  const bool upstream = entry.runs != ConnectorKind::kBuiltIn;
  std::string image = upstream ? entry.docker_repository : "";
  if (!image.empty() && !entry.docker_image_tag.empty()) image += ":" + entry.docker_image_tag;
  const std::pair<const char*, std::string> facts[] = {
      {"type", std::string(ToString(entry.type))},
      {"runs as", std::string(ToString(entry.runs)) +
                      (entry.installed ? ", ready to use" : ", not available yet")},
      {"definition id", entry.definition_id},
      {"image", image},
      {"package", upstream ? entry.pypi_package : ""},
      {"support", upstream ? entry.support_level : ""},
      {"licence", upstream ? entry.license : ""},
      {"documentation", upstream ? entry.documentation_url : ""}};
  std::string text =
      fmt::format("{}{}{}  {}\n", style.bold, entry.name, style.reset, entry.display_name);
  for (const auto& [label, value] : facts) {
    if (!value.empty()) text += fmt::format("  {:14}{}\n", label, value);
  }
  if (json.contains("spec")) {
    text += "\n" + FieldsTable(json["spec"]["connectionSpecification"], style);
  }
  Console::Out(text);
  return kExitDone;
}

}  // namespace

int RunConnectors(const CommandLine& line) {
  if (line.action.empty() || line.action == "list") return List(line);
  if (line.action == "show") return Show(line);
  const auto found = Catalogue::Embedded().Find(line.name);
  if (!found.ok()) return Console::Fail(found.status(), line.verbose), kExitUsage;
  Console::PrintError(fmt::format("connectors {} is not available in this version; {} runs as {}",
                                  line.action, line.name, ToString((*found)->runs)));
  return kExitUsage;
}

}  // namespace millrace
