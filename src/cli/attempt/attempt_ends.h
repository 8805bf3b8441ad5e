#pragma once

#include <memory>

#include "attempt/start_document.h"
#include "base/result.h"
#include "connector/destination.h"
#include "connector/source.h"

namespace millrace {

/// Make the connector that a start document names, and register its secrets so that no log line
/// of this process shows them. Nothing is contacted: config errors are about the configuration.
Result<std::unique_ptr<Source>> MakeSource(const ConnectorConfig& connector);
Result<std::unique_ptr<Destination>> MakeDestination(const ConnectorConfig& connector);

}  // namespace millrace
