#include "control/definitions/definitions.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "catalogue/connector_naming.h"

namespace millrace {
namespace {

std::string TextAt(const Json& document, const char* name) {
  const Json value = document.value(name, Json());
  return value.is_string() ? value.get<std::string>() : "";
}

/// How long an attempt itself lets a program be silent.
constexpr std::chrono::seconds kStallLeast = std::chrono::minutes(90);
constexpr std::chrono::seconds kStallMore = std::chrono::minutes(1);

/// Built-in connectors have one version; what an installed one is shows in its path.
std::string VersionOf(const Definition& definition) {
  std::string version = definition.docker_image_tag;
  if (definition.program) {
    for (const std::string& word : definition.program->command) version += "\n" + word;
    version += "\n" + definition.program->image;
  }
  if (!definition.manifest) return version;
  return version + "\n" +
         (*definition.manifest)->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Status Definitions::CheckCommandsAllowed(const std::string& what) const {
  if (rules_.allow_custom_commands) return Status::Ok();
  return ConfigError(
      "{}, and this server runs no programs that people name: whoever runs it must start it with "
      "--allow-custom-commands",
      what);
}

void Definitions::Take(RunnableConnector runnable, Definition* definition) const {
  definition->program = std::move(runnable.program);
  if (runnable.spec) definition->spec = std::move(runnable.spec);
  if (runnable.manifest) definition->manifest = JsonValue(Json(*std::move(runnable.manifest)));
  if (!definition->program) return;
  definition->program->folder = rules_.folder.string();
  definition->program->specification = definition->spec;
}

Definition Definitions::OfEntry(const CatalogueEntry& entry) const {
  Definition definition;
  definition.kind = entry.type;
  definition.id = entry.definition_id;
  definition.name = entry.name;
  definition.display_name = entry.display_name;
  definition.docker_repository = entry.docker_repository;
  definition.docker_image_tag = entry.docker_image_tag;
  definition.documentation_url = entry.documentation_url;
  if (!entry.support_level.empty()) definition.support_level = entry.support_level;
  auto runnable = resolver_.ByName(entry.type, entry.name, "");
  if (runnable.ok()) {
    Take(*std::move(runnable), &definition);
  } else {
    definition.startable = runnable.status();
  }
  definition.version = VersionOf(definition);
  return definition;
}

Result<RunnableConnector> Definitions::Resolve(const CustomDefinition& custom) const {
  const Json& document = *custom.document;
  const std::string name = TextAt(document, "name");
  if (const Json manifest = document.value("manifest", Json()); manifest.is_object()) {
    return resolver_.ByManifest(manifest);
  }
  if (const Json command = document.value("command", Json()); command.is_array()) {
    MR_RETURN_IF_ERROR(CheckCommandsAllowed(fmt::format("{} is a command", name)));
    ConnectorProgram program;
    program.command = command.get<std::vector<std::string>>();
    return RunnableConnector{name, std::move(program), {}};
  }
  const std::string repository = TextAt(document, "dockerRepository");
  const std::string tag = TextAt(document, "dockerImageTag");
  if (repository.starts_with("airbyte/")) {
    auto installed = resolver_.ByName(custom.kind, ConnectorNameOfImage(repository), tag);
    if (installed.ok()) return installed;
  }
  const std::string image = fmt::format("{}:{}", repository, tag);
  MR_RETURN_IF_ERROR(CheckCommandsAllowed(fmt::format("{} is the container {}", name, image)));
  return resolver_.ByImage(image);
}

Definition Definitions::OfCustom(const CustomDefinition& custom) const {
  const Json& document = *custom.document;
  Definition definition;
  definition.kind = custom.kind;
  definition.id = custom.id;
  definition.name = definition.display_name = TextAt(document, "name");
  definition.custom = true;
  definition.docker_repository = TextAt(document, "dockerRepository");
  definition.docker_image_tag = TextAt(document, "dockerImageTag");
  definition.documentation_url = TextAt(document, "documentationUrl");
  if (custom.spec) definition.spec = custom.spec;
  const Json silence = document.value("maxSecondsBetweenMessages", Json());
  if (silence.is_number_integer() && silence > 0) {
    definition.silence = std::chrono::seconds(silence.get<int64_t>());
  }
  auto runnable = Resolve(custom);
  if (runnable.ok()) {
    Take(*std::move(runnable), &definition);
    if (definition.silence && definition.program) {
      // The worker that runs the attempt looks at the silence: the attempt itself only beyond it.
      definition.program->stall_seconds =
          std::max(kStallLeast, *definition.silence + kStallMore).count();
    }
  } else {
    definition.startable = runnable.status();
  }
  if (const Json manifest = document.value("manifest", Json()); manifest.is_object()) {
    definition.manifest = JsonValue(manifest);
  }
  definition.version = VersionOf(definition);
  return definition;
}

Result<std::optional<Definition>> Definitions::Find(SqlTransaction& transaction, ConnectorType kind,
                                                    const std::string& id) const {
  for (const CatalogueEntry& entry : catalogue_.entries()) {
    if (entry.type == kind && entry.definition_id == id) return std::optional(OfEntry(entry));
  }
  MR_ASSIGN_OR_RETURN(const auto custom, FindCustomDefinition(transaction, kind, id));
  return custom ? std::optional(OfCustom(*custom)) : std::nullopt;
}

Result<std::optional<Definition>> Definitions::Find(SqlDatabase& database, ConnectorType kind,
                                                    const std::string& id) const {
  std::optional<Definition> found;
  MR_RETURN_IF_ERROR(database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(found, Find(transaction, kind, id));
    return Status::Ok();
  }));
  return found;
}

}  // namespace millrace
