#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connector/source.h"
#include "external/connector_run.h"
#include "external/connector_words.h"
#include "protocol/json_field.h"

namespace millrace {

/// What an external connector is made from. A plain value.
struct ExternalConnector {
  ConnectorCommand command;
  JsonValue config;
  /// Makes the configuration fit the connector's own specification (`connectionSpecification`) and
  /// registers its secrets, so that nothing that the connector says shows them. A config error:
  /// it doesn't fit.
  std::function<Status(const Json& specification, Json* config)> fit_config;
  /// Keeps a configuration that the connector changed; durable when it returns. Empty: it is used
  /// to the end of this source only, and a warning says so.
  ConnectorWords::KeepConfig keep_config;
};

/// A source that is a program of its own and speaks the Airbyte Protocol: `spec`, `check --config`,
/// `discover --config`, `read --config --catalog --state`. Every call asks for the specification
/// first, once in the life of the object.
///
/// How a read ends: exit code 0 and each stream complete (by its status; by the end, when no
/// status came at all) is success. Otherwise the streams that are not complete are reported as
/// such, each with its own error or the connector's; when each has one of its own, the others
/// count. What is not known of a program is its memory: see ProcessLimits for the attempt's.
class ExternalSource : public Source {
 public:
  explicit ExternalSource(ExternalConnector connector)
      : connector_(std::move(connector)), config_(connector_.config) {}

  Status Check() override;
  Result<Catalog> Discover() override;
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;

 private:
  Status Prepare();
  Result<JsonValue> Ask(const std::string& task, const std::string& answer, const char* key,
                        const std::vector<ConnectorFile>& files);
  ConnectorWords::KeepConfig ConfigKeeper();

  const ExternalConnector connector_;
  JsonValue config_;  // fitted, and as the connector changed it
  bool prepared_ = false;
};

}  // namespace millrace
