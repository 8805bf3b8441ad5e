#pragma once

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// Whether this is a configuration of source-s3 before version 4: one stream (`dataset`), a
/// `path_pattern`, the store in `provider`.
bool IsLegacyS3Config(const Json& config);

/// The same configuration in today's fields. What today's have no words for is a config error that
/// names it.
Result<Json> FromLegacyS3Config(const Json& config);

}  // namespace millrace
