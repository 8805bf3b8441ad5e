#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/cron_expression.h"

namespace millrace {

/// The first time of `cron` after `after`, by the clocks of `time_zone`; both are seconds since
/// 1970 UTC. None: no year of the expression is left (years end with 2099). A time that a change
/// of clocks leaves out comes when the clocks have changed; one that comes twice counts once, the
/// first time. Expressions that run in every hour go by real time instead: what is left out is
/// left out, and what comes twice comes twice. Requires a zone of the IANA database. Pure.
std::optional<int64_t> NextCronTime(const CronExpression& cron, const std::string& time_zone,
                                    int64_t after);

}  // namespace millrace
