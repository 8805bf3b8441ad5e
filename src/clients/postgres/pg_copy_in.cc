#include "clients/postgres/pg_copy_in.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>

namespace millrace {
namespace {

/// libpq copies what it is given: in slices its buffer stays small.
constexpr size_t kSliceBytes = 256 << 10;
constexpr int kStopCheckMs = 100;

}  // namespace

Result<std::unique_ptr<PgCopyIn>> PgCopyIn::Start(PgConnection& connection, const std::string& sql,
                                                  std::stop_token given) {
  if (!connection.usable()) return connection.LostConnection();
  const std::stop_token& stop = connection.TokenFor(given);
  pg_conn* const pq = connection.connection_;
  if (PQsendQuery(pq, sql.c_str()) == 0) return connection.LostConnection();
  MR_RETURN_IF_ERROR(connection.AwaitResult(stop));
  PGresult* const first = PQgetResult(pq);
  const bool copying = PQresultStatus(first) == PGRES_COPY_IN;
  if (!copying) {
    const Status refused = PgConnection::StatusOf(first);
    PQclear(first);
    MR_RETURN_IF_ERROR(connection.TakeResults(stop).status());
    return refused;
  }
  PQclear(first);
  if (PQsetnonblocking(pq, 1) != 0) return connection.LostConnection();
  return std::unique_ptr<PgCopyIn>(new PgCopyIn(connection, stop));
}

PgCopyIn::~PgCopyIn() {
  if (over_) return;
  PQputCopyEnd(connection_.connection_, "the client gave it up");
  PQflush(connection_.connection_);
  connection_.abandoned_ = true;
}

Status PgCopyIn::Send(std::string_view data) {
  if (!connection_.usable()) return connection_.LostConnection();
  while (!data.empty()) {
    const std::string_view slice = data.substr(0, kSliceBytes);
    if (PQputCopyData(connection_.connection_, slice.data(), static_cast<int>(slice.size())) != 1) {
      return connection_.LostConnection();
    }
    MR_RETURN_IF_ERROR(FlushOut());
    data.remove_prefix(slice.size());
  }
  return Status::Ok();
}

Status PgCopyIn::FlushOut() {
  pg_conn* const pq = connection_.connection_;
  for (;;) {
    const int left = PQflush(pq);
    if (left == 0) return Status::Ok();
    if (left < 0) return connection_.LostConnection();
    if (stop_.stop_requested()) {
      connection_.Abandon();
      return Status::Canceled();
    }
    pollfd waiting{PQsocket(pq), POLLIN | POLLOUT, 0};
    if (poll(&waiting, 1, kStopCheckMs) <= 0) continue;
    // The server may have something to say (a notice, an error) and would stop reading otherwise.
    if ((waiting.revents & POLLIN) != 0 && PQconsumeInput(pq) == 0) {
      return connection_.LostConnection();
    }
  }
}

Result<int64_t> PgCopyIn::Finish() {
  if (!connection_.usable()) return connection_.LostConnection();
  pg_conn* const pq = connection_.connection_;
  if (PQputCopyEnd(pq, nullptr) != 1) return connection_.LostConnection();
  MR_RETURN_IF_ERROR(FlushOut());
  over_ = true;
  auto rows = connection_.TakeResults(stop_);
  if (connection_.usable()) PQsetnonblocking(pq, 0);
  if (!rows.ok()) return rows.status();
  return rows->affected_rows();
}

}  // namespace millrace
