#pragma once

#include "base/json.h"
#include "base/result.h"
#include "cli/yaml_document.h"

namespace millrace {

/// Reads and checks `schedule` of a connection file: manual, {every: 6 hours}, {daily: "02:00"},
/// {weekly: [mon, thu], at: "02:00"} or {cron: "0 2 * * 1-5", timezone: Europe/Paris}. Returns it
/// as written; null for manual or when it is not given.
Result<Json> ReadSchedule(const YamlDocument& document);

}  // namespace millrace
