#pragma once

#include "base/json.h"
#include "base/result.h"
#include "control/schedule/schedule.h"

namespace millrace {

/// The schedule of a connection's document, in the config API's words: scheduleType with
/// scheduleData, or the older `schedule` {units, timeUnit}; also scheduleData's {"daily": "02:00",
/// "timezone"} and {"weekly": ["mon"], "at", "timezone"}, which are ours. None of them: manual.
/// Config errors name the field.
Result<Schedule> ScheduleFromDocument(const Json& document);

/// Brings the fields of a schedule into their full form: scheduleType with scheduleData, `schedule`
/// beside them when it is a basic one, ours as cron. What can't be understood is a config error.
Status NormalizeSchedule(Json* document);

}  // namespace millrace
