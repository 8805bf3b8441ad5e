#pragma once

#include "connector/source.h"
#include "external/connector_tasks.h"

namespace millrace {

/// A source that is a program of its own and speaks the Airbyte Protocol: `spec`, `check --config`,
/// `discover --config`, `read --config --catalog --state`. Every call asks for the specification
/// first, once in the life of the object, unless it is known.
///
/// How a read ends: exit code 0 and each stream complete (by its status; by the end, when no
/// status came at all) is success. Otherwise the streams that are not complete are reported as
/// such, each with its own error or the connector's; when each has one of its own, the others
/// count. What is not known of a program is its memory: see ProcessLimits for the attempt's.
class ExternalSource : public Source {
 public:
  explicit ExternalSource(ExternalConnector connector) : tasks_(std::move(connector)) {}

  Status Check() override;
  Result<Catalog> Discover() override;
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;

 private:
  ConnectorTasks tasks_;
};

}  // namespace millrace
