#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace millrace {

// A job in the public API's words. Pure.

/// {jobId, status, jobType, startTime, connectionId, …} of the config API's {job, attempts}. What
/// isn't known yet is absent, never null: clients parse it as a time. Beyond Airbyte's:
/// failureReason {failureOrigin, failureType, externalMessage} of a job whose last attempt failed.
/// `now`, in microseconds since 1970, ends the duration of a job that still runs.
Json JobToPublic(const Json& job_with_attempts, int64_t now);

/// The config API's types of jobs for a public one ("reset" → reset_connection); empty: no such.
std::vector<std::string> ConfigTypesOf(std::string_view job_type);

/// ISO 8601: "PT1H2M3S".
std::string IsoDuration(int64_t seconds);

}  // namespace millrace
