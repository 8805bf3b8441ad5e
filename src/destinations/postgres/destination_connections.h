#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "clients/postgres/pg_connection.h"

namespace millrace {

/// The connections that one load's writers share: at most kMost, however many streams are open.
/// Whoever has one either gives it back soon, or holds one of the few that may be kept. Owned by
/// the load, outlives the writers. Thread-safe.
class DestinationConnections {
 public:
  static constexpr int kMost = 8;
  static constexpr int kKeptMost = 4;
  static constexpr std::chrono::minutes kWaitMost{10};

  /// `stop` ends every wait, and every statement on any of the connections.
  DestinationConnections(PgOptions options, std::stop_token stop)
      : options_(std::move(options)), stop_(std::move(stop)) {}

  /// A connection, given back when this object goes; one that broke is closed instead.
  class Lease {
   public:
    Lease(DestinationConnections& pool, std::unique_ptr<PgConnection> connection, bool kept)
        : pool_(pool), connection_(std::move(connection)), kept_(kept) {}
    ~Lease() { pool_.GiveBack(std::move(connection_), kept_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    PgConnection& connection() { return *connection_; }
    /// May be held while nothing is sent.
    bool may_be_kept() const { return kept_; }

   private:
    DestinationConnections& pool_;
    std::unique_ptr<PgConnection> connection_;
    const bool kept_;
  };

  /// Waits while all are taken, at most kWaitMost; connects when none is free. kCanceled after a
  /// stop.
  Result<std::unique_ptr<Lease>> Acquire();

  /// Connects and makes the session one that writes: UTC, no statement timeout, a lock timeout.
  /// `stop` ends this call and those on the connection.
  static Result<std::unique_ptr<PgConnection>> Connect(const PgOptions& options,
                                                       std::stop_token stop = {});

 private:
  void GiveBack(std::unique_ptr<PgConnection> connection, bool kept);

  const PgOptions options_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable_any returned_;
  std::vector<std::unique_ptr<PgConnection>> idle_;  // guarded by mutex_
  int taken_ = 0;                                    // guarded by mutex_
  int kept_ = 0;                                     // guarded by mutex_
};

}  // namespace millrace
