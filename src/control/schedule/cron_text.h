#pragma once

#include <string>

#include "base/cron_expression.h"

namespace millrace {

/// A cron expression in words: "at 02:00, Monday to Friday", "every 15 minutes".
std::string DescribeCron(const CronExpression& cron);

}  // namespace millrace
