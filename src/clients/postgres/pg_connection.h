#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "clients/postgres/copy_messages.h"
#include "clients/postgres/pg_options.h"
#include "clients/postgres/pg_rows.h"

struct pg_conn;
struct pg_result;

namespace millrace {

class PrivateFile;

/// One connection to a PostgreSQL server, through libpq. One thread at a time. Calls block; each
/// looks at its stop token (or the one of StopWith) at least every 100 ms, tells the server to
/// cancel and returns kCanceled; the connection is of no more use then. A server that has gone
/// silent is noticed by TCP keepalives and the user timeout (about a minute), so no call waits for
/// ever.
class PgConnection {
 public:
  enum class Format { kText, kBinary };
  using Params = std::vector<std::optional<std::string>>;

  /// Connects within `options.connect_timeout` (looking up the host's name is the resolver's
  /// time). Failures carry the right type: see pg_error.h. No secret in any message.
  static Result<std::unique_ptr<PgConnection>> Connect(const PgOptions& options,
                                                       std::stop_token stop = {});
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  /// From now on `stop` also ends calls that are given no token of their own.
  void StopWith(std::stop_token stop) { stop_ = std::move(stop); }

  /// One statement with $1, $2 … as text (nullopt: NULL), and its rows, all in memory.
  Result<PgRows> Query(const std::string& sql, const Params& params = {}, std::stop_token stop = {},
                       Format format = Format::kText);

  /// Any number of statements, separated by ';', whose rows are of no interest. The first failure
  /// ends it.
  Status Execute(const std::string& sql, std::stop_token stop = {});

  /// Runs a COPY … TO STDOUT and gives what comes to `sink`. On plain TCP it receives from the
  /// socket itself, in large pieces; otherwise through libpq. When the sink fails the COPY is
  /// cancelled, the connection is of no more use, and the sink's status is returned.
  Status CopyOut(const std::string& sql, CopySink& sink, std::stop_token stop = {});

  /// False after a call was canceled, or the connection was lost.
  bool usable() const;
  /// 150020 for 15.20.
  int server_version() const;
  /// What the server reported at start ("server_encoding"); empty when it did not.
  std::string Parameter(const char* name) const;
  bool encrypted() const;

 private:
  friend class PgCopyIn;

  explicit PgConnection(pg_conn* connection);
  static Status StatusOf(const pg_result* result);

  const std::stop_token& TokenFor(const std::stop_token& given) const {
    return given.stop_possible() ? given : stop_;
  }
  Status AwaitConnected(const PgOptions& options, std::stop_token stop);
  Status AwaitResult(std::stop_token stop);
  Result<PgRows> TakeResults(std::stop_token stop);
  Status CopyThroughLibpq(const std::string& sql, CopySink& sink, std::stop_token stop);
  Status CopyFromSocket(const std::string& sql, CopySink& sink, std::stop_token stop);
  Status SendSimpleQuery(const std::string& sql, std::stop_token stop);
  Status ReceiveCopy(CopyMessages& messages, std::stop_token stop);
  /// Tells the server to stop what it does; the connection can't be used after it.
  void Abandon();
  Status LostConnection();

  pg_conn* const connection_;
  std::vector<std::unique_ptr<PrivateFile>> certificates_;
  std::unique_ptr<CopyMessages> messages_;  // made at the first COPY
  std::stop_token stop_;
  bool plain_tcp_ = false;
  bool abandoned_ = false;
  Status last_words_;  // of a server that ended the session
};

}  // namespace millrace
