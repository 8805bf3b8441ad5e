#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/status.h"
#include "control/worker/probe_runner.h"

namespace millrace {

/// The `jobInfo` of a check or a discovery that was run while the caller waited. A plain value.
class ProbeJob {
 public:
  /// `started_at`: microseconds since 1970 UTC.
  ProbeJob(std::string config_type, std::string config_id, int64_t started_at);

  /// SynchronousJobRead, with the log in both of Airbyte's forms.
  Json Ended(const ProbeOutcome& outcome, int64_t now) const;

 private:
  std::string id_;
  std::string config_type_;
  std::string config_id_;
  int64_t started_at_;
};

/// What a person may read of a failure: one line, without secrets.
std::string PublicMessage(const Status& status);

}  // namespace millrace
