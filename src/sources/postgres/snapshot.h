#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "sources/postgres/connection_pool.h"
#include "sources/postgres/table.h"

namespace millrace {

/// One moment of the database that any number of connections see: an exported snapshot, held open
/// by a connection of its own until this object goes. It holds back vacuum meanwhile. Thread-safe.
class Snapshot {
 public:
  /// A connection inside a read-only transaction at the snapshot. The transaction ends with it, so
  /// that locks on tables are not held longer than they are read.
  class Reader {
   public:
    explicit Reader(ConnectionPool::Lease lease) : lease_(std::move(lease)) {}
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    PgConnection& connection() { return *lease_; }

   private:
    ConnectionPool::Lease lease_;
  };

  static Result<std::unique_ptr<Snapshot>> Take(ConnectionPool& pool, std::stop_token stop);

  Result<std::unique_ptr<Reader>> Enter(std::stop_token stop);

  /// Keeps a table from being truncated, rewritten or dropped until the snapshot goes: what is read
  /// in several pieces must stay the same table. Reading and writing go on.
  Status Lock(const PostgresTable& table, std::stop_token stop);

  const std::string& id() const { return id_; }

 private:
  Snapshot(ConnectionPool& pool, ConnectionPool::Lease holder, std::string id)
      : pool_(pool), holder_(std::move(holder)), id_(std::move(id)) {}

  ConnectionPool& pool_;
  std::mutex mutex_;
  ConnectionPool::Lease holder_;  // guarded by mutex_
  const std::string id_;
};

}  // namespace millrace
