#pragma once

#include <memory>

#include "base/json.h"
#include "base/result.h"
#include "connector/source.h"

namespace millrace {

/// source-postgres: reads tables and views of one PostgreSQL database, all streams of a sync at one
/// snapshot; a PartitionedSource (see README.md). `config` is Airbyte's connectionConfiguration.
/// Contacts nothing; config errors only.
Result<std::unique_ptr<Source>> MakePostgresSource(const Json& config);

}  // namespace millrace
