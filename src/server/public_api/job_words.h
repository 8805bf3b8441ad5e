#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace millrace {

// A job in the public API's words. Pure.

/// {jobId, status, jobType, startTime, connectionId, …} of the config API's {job, attempts}. What
/// isn't known yet is absent, never null: clients parse it as a time.
Json JobToPublic(const Json& job_with_attempts);

/// The config API's types of jobs for a public one ("reset" → reset_connection); empty: no such.
std::vector<std::string> ConfigTypesOf(std::string_view job_type);

/// "2026-11-22T08:00:00Z".
std::string TimeOfSeconds(int64_t seconds);
/// Seconds since 1970 of "2026-11-22T08:00:00Z", with a fraction or an offset too; empty: no time.
std::optional<int64_t> SecondsOf(std::string_view iso_time);
/// ISO 8601: "PT1H2M3S".
std::string IsoDuration(int64_t seconds);

}  // namespace millrace
