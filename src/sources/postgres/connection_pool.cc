#include "sources/postgres/connection_pool.h"

#include <utility>

namespace millrace {
namespace {

// What the text forms of values depend on, and what would end a long snapshot.
constexpr const char* kSessionSql =
    "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; "
    "SET extra_float_digits = 3; SET bytea_output = 'hex'; SET xmlbinary = 'base64'; "
    "SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '5min'";

constexpr int kFirstVersionWithTransactionTimeout = 170000;

}  // namespace

Result<std::unique_ptr<PgConnection>> ConnectionPool::Open(std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(auto connection, PgConnection::Connect(options_, stop));
  MR_RETURN_IF_ERROR(connection->Execute(kSessionSql, stop));
  if (connection->server_version() >= kFirstVersionWithTransactionTimeout) {
    MR_RETURN_IF_ERROR(connection->Execute("SET transaction_timeout = 0", stop));
  }
  return connection;
}

Result<ConnectionPool::Lease> ConnectionPool::Acquire(std::stop_token stop) {
  {
    std::unique_lock lock(mutex_);
    // Every lease ends, at the latest when its read is canceled.
    const bool free =
        freed_.wait(lock, stop, [this] { return !idle_.empty() || open_ < connections_max_; });
    if (!free) return Status::Canceled();
    if (!idle_.empty()) {
      Lease lease(this, std::move(idle_.back()));
      idle_.pop_back();
      return lease;
    }
    ++open_;
  }
  auto opened = Open(stop);
  if (opened.ok()) return Lease(this, *std::move(opened));
  Return(nullptr);
  return opened.status();
}

void ConnectionPool::Return(std::unique_ptr<PgConnection> connection) {
  const bool usable = connection != nullptr && connection->usable();
  if (!usable) connection.reset();  // closes it, outside of the lock
  {
    const std::lock_guard lock(mutex_);
    if (usable) {
      idle_.push_back(std::move(connection));
    } else {
      --open_;
    }
  }
  freed_.notify_one();
}

}  // namespace millrace
