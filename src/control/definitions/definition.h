#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "attempt/start_document.h"
#include "base/environment_text.h"
#include "base/result.h"
#include "catalogue/catalogue.h"
#include "protocol/connector_program.h"
#include "protocol/json_field.h"

namespace millrace {

/// A connector as a server knows it: one of the catalogue, or one that somebody brought along (a
/// custom definition). A plain value.
struct Definition {
  ConnectorType kind = ConnectorType::kSource;
  std::string id;
  std::string name;          ///< "source-postgres"; of a custom one what it was called
  std::string display_name;  ///< "Postgres"
  bool custom = false;
  std::string docker_repository, docker_image_tag;  ///< as the catalogue or its maker says
  std::string support_level = "none";
  std::string documentation_url;
  /// Its ConnectorSpecification. Absent: nobody knows which fields of a configuration are secret.
  std::optional<JsonValue> spec;
  /// Not ok: why it can't be started now, and what to do: a config error.
  Status startable = Status::Ok();
  std::optional<ConnectorProgram> program;  ///< absent: it is built in
  std::optional<JsonValue> manifest;        ///< that is run: an object, or its text
  /// How long it may say nothing in a sync; absent: as long as any other.
  std::optional<std::chrono::seconds> silence;
  /// Differs when another program would be started: what a source offers may differ then.
  std::string version;
};

/// `connectionSpecification` of its specification, {} without one.
Json ConnectionSpecificationOf(const Definition& definition);

/// What a process that uses the connector is started with: `configuration` as it is stored, its
/// references resolved. A built-in connector's is held against the specification; that of a program
/// was when it was stored, and may since have been changed by the program, which knows what it
/// needs. Config errors: it can't be started, or a variable is missing.
Result<ConnectorConfig> StartableConnector(const Definition& definition, const Json& configuration,
                                           const Environment& environment);

/// Every text of the configuration that a reply must not show is masked: those in secret fields;
/// all texts where it is not known which fields are.
Json ShownConfiguration(const std::optional<Definition>& definition, const Json& configuration);

}  // namespace millrace
