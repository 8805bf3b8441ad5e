#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "clients/postgres/pg_connection.h"

namespace millrace {

/// The source's connections to one database: opened when they are needed, kept for the next who
/// asks, never more than the bound. Thread-safe; outlives its leases.
class ConnectionPool {
 public:
  /// A connection for one user at a time; goes back to the pool (when still usable) on its end.
  class Lease {
   public:
    Lease() = default;
    Lease(ConnectionPool* pool, std::unique_ptr<PgConnection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(connection_, other.connection_);
      return *this;
    }
    ~Lease() {
      if (pool_ != nullptr) pool_->Return(std::move(connection_));
    }

    PgConnection& operator*() { return *connection_; }
    PgConnection* operator->() { return connection_.get(); }

   private:
    ConnectionPool* pool_ = nullptr;
    std::unique_ptr<PgConnection> connection_;
  };

  ConnectionPool(PgOptions options, int connections_max)
      : options_(std::move(options)), connections_max_(connections_max) {}

  /// A free connection, or a new one with the session's settings made; waits (until `stop`) while
  /// all are in use.
  Result<Lease> Acquire(std::stop_token stop);

 private:
  void Return(std::unique_ptr<PgConnection> connection);
  Result<std::unique_ptr<PgConnection>> Open(std::stop_token stop);

  const PgOptions options_;
  const int connections_max_;
  std::mutex mutex_;
  std::condition_variable_any freed_;
  std::vector<std::unique_ptr<PgConnection>> idle_;  // guarded by mutex_
  int open_ = 0;                                     // guarded by mutex_; idle or leased
};

}  // namespace millrace
