#pragma once

#include <memory>

#include "connector/destination.h"
#include "external/connector_tasks.h"

namespace millrace {

/// A destination that is a program of its own and speaks the Airbyte Protocol: `spec`,
/// `check --config`, `write --config --catalog` with messages on its standard input. Every call
/// asks for the specification first, once in the life of the object, unless it is known.
///
/// It is at-least-once: it has no place for checkpoint ids, so that rows which it stored and whose
/// state it did not echo before an end come again. It makes its own metadata, deduplicates and
/// replaces tables itself, as the catalog tells it.
class ExternalDestination : public Destination {
 public:
  explicit ExternalDestination(ExternalConnector connector) : tasks_(std::move(connector)) {}

  Status Check() override;
  bool makes_metadata() const override { return true; }
  /// A config error names a stream whose mode its specification does not list.
  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog& catalog,
                                         const LoadContext& context,
                                         CommitListener& listener) override;

 private:
  ConnectorTasks tasks_;
};

}  // namespace millrace
