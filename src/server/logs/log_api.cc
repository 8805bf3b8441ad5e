#include "server/logs/log_api.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "control/store/jobs.h"
#include "server/http/error_document.h"
#include "server/logs/log_stream.h"

namespace millrace {
namespace {

constexpr int64_t kPieceBytes = 256 << 10;

HttpResponse Message(int status, std::string_view message) {
  return {status, "application/json", Json{{"message", message}}.dump(), {}};
}

HttpResponse Failed(const Status& status) {
  Log(LogLevel::kError, "reading a log: {}", status.ToString());
  return Message(503, "the log can't be read now: see the server's log");
}

/// -1 when the text is no number.
int64_t NumberOf(std::string_view text) {
  int64_t number = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? number : -1;
}

/// The reply's offset: of the query, or what an interrupted stream's client names; -1: malformed.
int64_t OffsetOf(const HttpRequest& request) {
  const std::string_view last = request.Header("last-event-id");
  if (!last.empty()) return NumberOf(last);
  const auto found = request.query.find("offset");
  return found == request.query.end() ? 0 : NumberOf(found->second);
}

HttpResponse Piece(const AttemptLogs& logs, const AttemptId& id, int64_t offset) {
  const auto start = logs.LineStart(id, offset);
  if (!start.ok()) return Failed(start.status());
  const auto piece = logs.Read(id, *start, kPieceBytes);
  if (!piece.ok()) return Failed(piece.status());
  Json events = Json::array();
  for (const LogEvent& event : LogEventsOf(piece->lines)) events.push_back(ToJson(event));
  const Json reply = {{"events", std::move(events)}, {"nextOffset", piece->next_offset}};
  return {200,
          "application/json",
          reply.dump(-1, ' ', false, Json::error_handler_t::replace),
          {{"Cache-Control", "no-store"}}};
}

HttpResponse Download(const AttemptLogs& logs, const AttemptId& id) {
  HttpResponse response{200, "text/plain; charset=utf-8", "", {}};
  const std::string name = fmt::format("job-{}-attempt-{}.log", id.job, id.number);
  response.headers.emplace_back("Content-Disposition",
                                fmt::format("attachment; filename=\"{}\"", name));
  response.next_piece = [&logs, id, offset = int64_t{0}]() mutable {
    const auto piece = logs.Read(id, offset, kPieceBytes);
    if (!piece.ok() || piece->lines.empty()) return HttpPiece{"", true, {}};
    offset = piece->next_offset;
    std::string text;
    for (const LogEvent& event : LogEventsOf(piece->lines)) text += ToText(event) + "\n";
    return HttpPiece{std::move(text), false, {}};
  };
  return response;
}

}  // namespace

LogApi::LogApi(SqlDatabase& database, const AttemptLogs& logs, const Clock& clock) {
  // Of an attempt that is there, with a valid offset.
  using Reply = std::function<HttpResponse(const AttemptId&, int64_t offset)>;
  const auto add = [&](std::string_view path, Reply reply) {
    router_.Add("GET",
                fmt::format("/api/v1/jobs/{{jobId}}/attempts/{{attemptNumber}}/logs{}", path),
                [&database, reply = std::move(reply)](const HttpRequest& request,
                                                      const PathParameters& captured) {
                  const AttemptId id{NumberOf(captured.at("jobId")),
                                     NumberOf(captured.at("attemptNumber"))};
                  const auto running = IsRunning(database, id);
                  if (!running.ok()) return Failed(running.status());
                  if (!running->has_value()) return Message(404, "there is no such attempt");
                  const int64_t offset = OffsetOf(request);
                  if (offset < 0) return Message(400, "the offset is no number");
                  return reply(id, offset);
                });
  };
  add("", [&logs](const AttemptId& id, int64_t offset) { return Piece(logs, id, offset); });
  add("/download", [&logs](const AttemptId& id, int64_t) { return Download(logs, id); });
  add("/stream", [&](const AttemptId& id, int64_t offset) {
    HttpResponse response{200, "text/event-stream", "retry: 3000\n\n", {}};
    response.headers.emplace_back("Cache-Control", "no-store");
    response.next_piece = LogStream(database, logs, clock, id, offset);
    return response;
  });
}

std::optional<HttpResponse> LogApi::Handle(const HttpRequest& request) const {
  const Router::Match match = router_.Find(request);
  if (match.found == Router::Found::kNothing) return std::nullopt;
  if (match.found == Router::Found::kOtherMethod) {
    return OtherMethodDocument(request, match.allowed);
  }
  return (*match.handler)(request, match.parameters);
}

}  // namespace millrace
