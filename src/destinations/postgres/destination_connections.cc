#include "destinations/postgres/destination_connections.h"

namespace millrace {
namespace {

// A user's own settings must not change what values mean, nor end a long merge. Whoever waits for
// a lock holds others up: not for long.
constexpr const char* kSessionSettings =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET statement_timeout = 0; "
    "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = 0; "
    "SET standard_conforming_strings = on; SET client_min_messages = warning; "
    "SET extra_float_digits = 3; SET search_path = pg_catalog; SET synchronous_commit = on";

}  // namespace

Result<std::unique_ptr<PgConnection>> DestinationConnections::Connect(const PgOptions& options,
                                                                      std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(auto connection, PgConnection::Connect(options, stop));
  connection->StopWith(std::move(stop));
  MR_RETURN_IF_ERROR(connection->Execute(kSessionSettings));
  return connection;
}

Result<std::unique_ptr<DestinationConnections::Lease>> DestinationConnections::Acquire() {
  std::unique_ptr<PgConnection> connection;
  bool kept = false;
  {
    std::unique_lock lock(mutex_);
    if (!returned_.wait_for(lock, stop_, kWaitMost, [this] { return taken_ < kMost; })) {
      if (stop_.stop_requested()) return Status::Canceled();
      return TransientError("{}: no connection became free within {} minutes", options_.Where(),
                            kWaitMost.count());
    }
    ++taken_;
    kept = kept_ < kKeptMost;
    if (kept) ++kept_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (connection == nullptr) {
    auto made = Connect(options_, stop_);
    if (!made.ok()) {
      GiveBack(nullptr, kept);
      return made.status();
    }
    connection = *std::move(made);
  }
  return std::make_unique<Lease>(*this, std::move(connection), kept);
}

void DestinationConnections::GiveBack(std::unique_ptr<PgConnection> connection, bool kept) {
  {
    std::lock_guard lock(mutex_);
    --taken_;
    if (kept) --kept_;
    if (connection != nullptr && connection->usable()) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace millrace
