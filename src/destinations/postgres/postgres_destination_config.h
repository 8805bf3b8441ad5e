#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "clients/postgres/pg_options.h"
#include "destinations/postgres/stream_target.h"

namespace millrace {

/// destination-postgres's configuration, Airbyte's fields. A plain value.
struct PostgresDestinationConfig {
  PgOptions connection;
  std::string schema = "public";                     ///< of streams without a namespace
  std::string internal_schema = "airbyte_internal";  ///< raw_data_schema
  TargetOptions target;
};

/// Config errors name the field. Registers the secrets.
Result<PostgresDestinationConfig> PostgresDestinationConfigFromJson(const Json& json);

}  // namespace millrace
