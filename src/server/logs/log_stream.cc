#include "server/logs/log_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

constexpr int64_t kEventBytes = 64 << 10;
constexpr auto kShortestWait = std::chrono::milliseconds(500);
constexpr auto kLongestWait = std::chrono::milliseconds(3000);
/// So often, at most, the database is asked whether the attempt still runs.
constexpr auto kAskInterval = std::chrono::seconds(2);
/// Proxies close what is silent for longer; and a peer that is gone is found out.
constexpr auto kSilenceMax = std::chrono::seconds(15);

}  // namespace

Result<std::optional<bool>> IsRunning(SqlDatabase& database, const AttemptId& id) {
  std::optional<bool> running;
  MR_RETURN_IF_ERROR(database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(
        const auto rows,
        transaction.Query("SELECT status FROM attempt WHERE job_id = :1 AND number = :2",
                          {id.job, id.number}));
    if (!rows.empty()) {
      running = rows.front().Text(0) == "running";
      return Status::Ok();
    }
    // The next attempt of a job that is not over is shown before it begins.
    MR_ASSIGN_OR_RETURN(
        const auto next,
        transaction.Query("SELECT (SELECT count(*) FROM attempt WHERE job_id = job.id) FROM job "
                          "WHERE id = :1 AND status IN ('pending', 'incomplete', 'running')",
                          {id.job}));
    if (!next.empty() && next.front().Integer(0) == id.number) running = true;
    return Status::Ok();
  }));
  return running;
}

HttpPiece LogStream::operator()() {
  if (!at_line_) {
    const auto start = logs_->LineStart(id_, offset_);
    if (!start.ok()) return Idle();
    offset_ = *start;
  }
  const auto piece = logs_->Read(id_, offset_, kEventBytes);
  if (!piece.ok() || piece->lines.empty()) return Idle();
  at_line_ = true;
  std::string sent;
  std::string_view lines = piece->lines;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + 1);
    offset_ += static_cast<int64_t>(end) + 1;
    if (line.empty()) continue;
    const std::string data =
        ToJson(LogEventOf(line)).dump(-1, ' ', false, Json::error_handler_t::replace);
    sent += fmt::format("id: {}\nevent: log\ndata: {}\n\n", offset_, data);
  }
  wait_ = kShortestWait;
  last_sent_ = clock_->Now();
  // More may be there already.
  const bool full = static_cast<int64_t>(piece->lines.size()) > kEventBytes / 2;
  return {std::move(sent), false, full ? std::chrono::milliseconds(0) : wait_};
}

HttpPiece LogStream::Idle() {
  if (over_) return {"event: end\ndata: {}\n\n", true, {}};
  const SteadyTime now = clock_->Now();
  if (now - last_asked_ >= kAskInterval) {
    last_asked_ = now;
    const auto running = IsRunning(*database_, id_);
    // Its last lines may just be on their way into the storage.
    over_ = running.ok() && !running->value_or(false);
  }
  wait_ = std::clamp(wait_ * 3 / 2, kShortestWait, over_ ? kShortestWait : kLongestWait);
  HttpPiece piece{"", false, wait_};
  if (now - last_sent_ >= kSilenceMax) {
    piece.bytes = ":\n\n";
    last_sent_ = now;
  }
  return piece;
}

}  // namespace millrace
