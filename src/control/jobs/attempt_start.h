#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "attempt/start_document.h"
#include "base/failure_origin.h"
#include "base/result.h"
#include "control/definitions/definitions.h"
#include "control/jobs/attempt_claim.h"
#include "control/secrets/secret_box.h"

namespace millrace {

/// What an attempt is started with, opened from what is stored sealed: it holds secrets.
struct AttemptStart {
  StartDocument document;
  std::vector<std::string> secrets;  ///< the texts of it that must be in no log, the longest first
  /// How long its source may say nothing; absent: as long as any other.
  std::optional<std::chrono::seconds> source_silence;
};

/// Reads the database. Config errors: a connector that this server can't run. `failed` says whose
/// failure it is.
Result<AttemptStart> StartOfAttempt(const AttemptClaim& claim, const SecretBox& box,
                                    SqlDatabase& database, const Definitions& definitions,
                                    const DefaultResources& resources, FailureOrigin* failed);

}  // namespace millrace
