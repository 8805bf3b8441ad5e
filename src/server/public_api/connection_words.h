#pragma once

#include "base/json.h"
#include "base/result.h"

namespace millrace {

// A connection in the public API's words and in the config API's. Pure.

/// The schedule of a request: {scheduleType: manual | cron | basic, cronExpression, basicTiming} →
/// {scheduleType, scheduleData}. A cron expression may end with a time zone; without one it is UTC.
/// basicTiming, beyond Airbyte's, is "every 6 hours". Config errors say what is wrong.
Result<Json> ScheduleToConfig(const Json& schedule);
/// As it was sent, letter by letter: clients compare.
Json ScheduleToPublic(const Json& connection);

/// The fields of a request besides the ends, the schedule and the streams. Only those that are
/// there.
Result<Json> SettingsToConfig(const Json& request);

/// The config API's document of a connection in the public API's words.
Json ConnectionToPublic(const Json& connection);

}  // namespace millrace
