#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "control/logs/attempt_logs.h"
#include "control/store/sql_database.h"
#include "server/http/http_message.h"
#include "server/http/router.h"

namespace millrace {

/// The logs of attempts beyond what Airbyte's calls give, below
/// /api/v1/jobs/{jobId}/attempts/{attemptNumber}/logs:
///
///   GET …/logs?offset=N         {"events", "nextOffset"}: about 256 kB from there on
///   GET …/logs/download         the whole log as text
///   GET …/logs/stream           server-sent events: `log` for each line, from the first or after
///                               Last-Event-ID on, and `end` when the attempt is over
///
/// Any server with the same storage answers. Owned by the server; thread-safe once made.
class LogApi {
 public:
  /// The parts outlive it, and every reply's pieces.
  LogApi(SqlDatabase& database, const AttemptLogs& logs, const Clock& clock);

  /// None when the path is not one of these.
  std::optional<HttpResponse> Handle(const HttpRequest& request) const;

  std::vector<std::string> Routes() const { return router_.Routes(); }

 private:
  Router router_;
};

}  // namespace millrace
