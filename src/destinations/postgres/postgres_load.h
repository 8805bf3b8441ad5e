#pragma once

#include <memory>

#include "connector/destination.h"
#include "destinations/postgres/postgres_destination_config.h"

namespace millrace {

/// Where a stream's rows go: its table, or its raw table.
TableName TableOf(const ConfiguredStream& stream, const PostgresDestinationConfig& config);

/// Connects, prepares the internal schema, withdraws what was not saved, and opens a load. Config
/// errors before any contact: two streams that would share a table. `listener` outlives the load.
Result<std::unique_ptr<Load>> OpenPostgresLoad(const PostgresDestinationConfig& config,
                                               const ConfiguredCatalog& catalog,
                                               const LoadContext& context,
                                               CommitListener& listener);

}  // namespace millrace
