#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// Airbyte's `test_destination` object. A plain value.
struct DevNullConfig {
  enum class Behavior { kSilent, kLogging, kThrottled, kFailing };

  Behavior behavior = Behavior::kSilent;

  bool checksum = false;  ///< silent: of each column, to the log

  // Logging: of each stream every `log_every`th row with this chance, `log_rows_max` at most.
  int64_t log_every = 1;
  double log_chance = 1;
  std::optional<uint64_t> seed;  ///< absent: the time
  int64_t log_rows_max = 0;

  std::chrono::milliseconds per_record{0};  ///< throttled
  int64_t records_before_failure = 0;       ///< failing: of all streams together
};

/// Config errors name the field.
Result<DevNullConfig> DevNullConfigFromJson(const Json& config);

}  // namespace millrace
