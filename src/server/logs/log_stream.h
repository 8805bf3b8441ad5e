#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "control/logs/attempt_logs.h"
#include "control/store/sql_database.h"
#include "server/http/http_message.h"

namespace millrace {

/// Whether the attempt runs; none when there is no such attempt.
Result<std::optional<bool>> IsRunning(SqlDatabase& database, const AttemptId& id);

/// One client's live tail of an attempt's log: gives the reply's pieces. Looks twice a second while
/// lines come, ever more slowly, down to once in three seconds, while none do. An `offset` in the
/// middle of a line begins with the next one. Copied into the reply; one call at a time.
class LogStream {
 public:
  LogStream(SqlDatabase& database, const AttemptLogs& logs, const Clock& clock, AttemptId id,
            int64_t offset)
      : database_(&database), logs_(&logs), clock_(&clock), id_(id), offset_(offset) {}

  HttpPiece operator()();

 private:
  HttpPiece Idle();

  SqlDatabase* database_;
  const AttemptLogs* logs_;
  const Clock* clock_;
  AttemptId id_;
  int64_t offset_;
  std::chrono::milliseconds wait_{0};
  SteadyTime last_sent_{};
  SteadyTime last_asked_{};
  bool at_line_ = false;  ///< `offset_` is known to be a line's start
  bool over_ = false;     ///< the attempt has ended: one last look
};

}  // namespace millrace
