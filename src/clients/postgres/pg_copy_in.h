#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "clients/postgres/pg_connection.h"

namespace millrace {

/// One COPY … FROM STDIN under way on a connection, which does nothing else meanwhile. The
/// connection outlives it. One thread. Calls block while the server takes its time; a server that
/// has gone silent is noticed as by every call of PgConnection.
class PgCopyIn {
 public:
  /// Sends the statement and waits until the server is ready for its data.
  static Result<std::unique_ptr<PgCopyIn>> Start(PgConnection& connection, const std::string& sql,
                                                 std::stop_token given = {});
  /// Not finished: the server is told to forget what came, and the connection is of no more use.
  ~PgCopyIn();
  PgCopyIn(const PgCopyIn&) = delete;
  PgCopyIn& operator=(const PgCopyIn&) = delete;

  /// Gives `data` to the server, in pieces of any size; all of it has left when it returns. What
  /// the server finds wrong with it comes out of Finish.
  Status Send(std::string_view data);
  /// Ends the COPY and gives the number of rows that it stored (visible by the transaction's
  /// rules).
  Result<int64_t> Finish();

 private:
  PgCopyIn(PgConnection& connection, std::stop_token stop)
      : connection_(connection), stop_(std::move(stop)) {}

  /// Until libpq holds nothing back.
  Status FlushOut();

  PgConnection& connection_;
  const std::stop_token stop_;
  bool over_ = false;
};

}  // namespace millrace
