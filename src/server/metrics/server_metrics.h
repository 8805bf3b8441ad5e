#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "control/store/sql_database.h"
#include "control/worker/moved_totals.h"
#include "server/http/http_message.h"

namespace millrace {

/// What a monitoring system wants to know: /metrics in the text format of Prometheus (0.0.4). Owned
/// by the server. Thread-safe.
class ServerMetrics {
 public:
  /// All outlive it. Jobs, attempts and connections are counted in the database at each scrape.
  ServerMetrics(SqlDatabase& database, const MovedTotals& moved, const Clock& clock);
  ~ServerMetrics();
  ServerMetrics(const ServerMetrics&) = delete;
  ServerMetrics& operator=(const ServerMetrics&) = delete;

  /// How many connections are open, once there is an HTTP server.
  void set_open_connections(std::function<size_t()> count);

  /// Counts a request that was answered, `took` after it had come.
  void Count(const HttpRequest& request, const HttpResponse& response,
             std::chrono::nanoseconds took);

  /// The document. A database that doesn't answer is one of its facts (millrace_database_up).
  HttpResponse Show() const;

 private:
  class Families;

  const std::unique_ptr<Families> families_;
};

}  // namespace millrace
