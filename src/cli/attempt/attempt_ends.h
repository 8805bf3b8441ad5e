#pragma once

#include <memory>

#include "attempt/config_change.h"
#include "attempt/start_document.h"
#include "base/result.h"
#include "connector/destination.h"
#include "connector/source.h"

namespace millrace {

/// Make the connector that a start document names, and register its secrets so that no log line
/// of this process shows them. Nothing is contacted: config errors are about the configuration.
/// `keep_config` keeps what a connector that is a program changes in it; empty: nobody does.
Result<std::unique_ptr<Source>> MakeSource(const ConnectorConfig& connector,
                                           const KeepConfig& keep_config = {});
Result<std::unique_ptr<Destination>> MakeDestination(const ConnectorConfig& connector,
                                                     const KeepConfig& keep_config = {});

/// Asks a connector that is a program for its ConnectorSpecification.
Result<Json> AskSpecification(const ConnectorConfig& connector);

}  // namespace millrace
