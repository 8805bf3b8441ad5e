#pragma once

#include <cstdint>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// Airbyte's configuration of source-faker, defaults filled in. A plain value.
struct FakerConfig {
  int64_t count = 1000;              ///< users; the other streams follow from it
  int64_t seed = -1;                 ///< negative: another one each time
  int64_t records_per_slice = 1000;  ///< rows between two checkpoints of an incremental read
  bool always_updated = true;        ///< every sync delivers every row anew
  int64_t parallelism = 4;           ///< how finely a snapshot is split

  /// Config errors name the field.
  static Result<FakerConfig> Parse(const Json& config);
};

}  // namespace millrace
