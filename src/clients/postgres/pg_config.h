#pragma once

#include "base/json.h"
#include "base/result.h"
#include "clients/postgres/pg_options.h"

namespace millrace {

/// The part of a configuration that every connector for PostgreSQL shares: host, port, database,
/// username, password, ssl_mode (or the older ssl), tunnel_method, jdbc_url_params. Its secrets are
/// registered. Config errors name the field. `json` is an object; other fields are not looked at.
Result<PgOptions> PgOptionsFromJson(const Json& json);

}  // namespace millrace
