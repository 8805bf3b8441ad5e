#include "control/jobs/job_timeline.h"

#include <nlohmann/json.hpp>

#include "control/store/connection_events.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

std::string_view KindOf(const Job& job) {
  if (job.config_type == "sync") return "SYNC";
  return job.config_type == "refresh" ? "REFRESH" : "CLEAR";
}

Status Tell(SqlTransaction& transaction, const Job& job, std::string_view what, Json summary,
            int64_t when) {
  ConnectionEvent event;
  event.connection_id = job.connection_id;
  event.type = fmt::format("{}_{}", KindOf(job), what);
  event.summary = std::move(summary);
  // Whoever asked for it; of a cancelled one, whoever put an end to it.
  event.user_id = job.document->value(what == "CANCELLED" ? "cancelledBy" : "userId", "");
  event.created_at = when;
  return InsertConnectionEvent(transaction, std::move(event));
}

int64_t Total(const std::vector<Attempt>& attempts, const char* key) {
  int64_t total = 0;
  for (const Attempt& attempt : attempts) {
    const Json stats = attempt.document->value("totalStats", Json::object());
    total += stats.value(key, int64_t{0});
  }
  return total;
}

std::string_view EndingOf(const Job& job, bool loaded) {
  if (job.status == "succeeded") return "SUCCEEDED";
  if (job.status == "cancelled") return "CANCELLED";
  return loaded ? "INCOMPLETE" : "FAILED";
}

/// Null when nothing went wrong.
Json FirstFailure(const std::vector<Attempt>& attempts) {
  if (attempts.empty()) return Json();
  const Json summary = attempts.back().document->value("failureSummary", Json::object());
  const Json failures = summary.value("failures", Json::array());
  return failures.empty() ? Json() : failures.front();
}

}  // namespace

Status TellJobStarted(SqlTransaction& transaction, const Job& job) {
  Json summary{{"jobId", job.id},
               {"startTimeEpochSeconds", job.created_at / kMicrosPerSecond},
               {"streams", job.document->value("streams", Json::array())}};
  return Tell(transaction, job, "STARTED", std::move(summary), job.created_at);
}

Status TellJobEnded(SqlTransaction& transaction, const Job& job,
                    const std::vector<Attempt>& attempts) {
  const int64_t records = Total(attempts, "recordsCommitted");
  Json summary{{"jobId", job.id},
               {"startTimeEpochSeconds", job.created_at / kMicrosPerSecond},
               {"endTimeEpochSeconds", job.updated_at / kMicrosPerSecond},
               {"bytesLoaded", Total(attempts, "bytesCommitted")},
               {"recordsLoaded", records},
               {"recordsRejected", Total(attempts, "recordsRejected")},
               {"attemptsCount", attempts.size()},
               {"streams", job.document->value("streams", Json::array())}};
  if (job.status == "failed") {
    if (Json failure = FirstFailure(attempts); !failure.is_null()) {
      summary["failureReason"] = std::move(failure);
    }
  }
  return Tell(transaction, job, EndingOf(job, records > 0), std::move(summary), job.updated_at);
}

}  // namespace millrace
