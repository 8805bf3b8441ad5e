#include "destinations/postgres/retried_transaction.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>

#include "base/log.h"
#include "clients/postgres/pg_error.h"
#include "destinations/postgres/destination_connections.h"

namespace millrace {
namespace {

constexpr std::chrono::milliseconds kFirstPause{200};

/// Who stands still between two statements (its machine may be gone) has the tables locked for the
/// attempt that follows it: the server ends its transaction then.
constexpr const char* kNotForEver = "SET idle_in_transaction_session_timeout = '30s'";

/// SQLSTATEs after which the same transaction may succeed.
constexpr std::string_view kWorthAnotherTry[] = {
    "40001",  // could not serialize
    "40P01",  // deadlock
    "55P03",  // lock not available in time
    "25P03",  // this process stood still in the middle
    "57P01",  // the server shuts down, or ended this session
    "57P02", "57P03", "08006", "08003",
};

bool MayBeRetried(const Status& status) {
  if (!status.failed() || status.error().type != FailureType::kTransientError) return false;
  const std::string state = SqlStateOf(status);
  for (const std::string_view worth : kWorthAnotherTry) {
    if (state == worth) return true;
  }
  // A connection that was lost says so without a SQLSTATE.
  return state.empty() && status.error().internal.starts_with("SQLSTATE none");
}

void Pause(std::chrono::milliseconds pause, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any nobody;
  std::unique_lock lock(mutex);
  nobody.wait_for(lock, std::move(stop), pause, [] { return false; });
}

}  // namespace

Result<PgConnection*> RetriedTransactions::Connection() {
  if (connection_ == nullptr || !connection_->usable()) {
    connection_.reset();
    MR_ASSIGN_OR_RETURN(auto connection, DestinationConnections::Connect(options_, stop_));
    MR_RETURN_IF_ERROR(connection->Execute(kNotForEver));
    connection_ = std::move(connection);
  }
  return connection_.get();
}

Status RetriedTransactions::Try(const Work& work, bool* unknown) {
  MR_ASSIGN_OR_RETURN(PgConnection * connection, Connection());
  MR_RETURN_IF_ERROR(connection->Execute("BEGIN"));
  Status done = work(*connection);
  if (done.ok()) {
    done = connection->Execute("COMMIT");
    *unknown = !done.ok() && !connection->usable();
    if (done.ok()) return done;
  }
  // One that was abandoned may still hold its locks until it is closed.
  if (!connection->usable() || !connection->Execute("ROLLBACK").ok()) connection_.reset();
  return done;
}

Status RetriedTransactions::Run(const Work& work, const Happened& happened) {
  bool unknown = false;
  std::chrono::milliseconds pause = kFirstPause;
  for (int tries = 1;; ++tries) {
    Status status;
    if (unknown && happened != nullptr) {
      auto connection = Connection();
      if (connection.ok()) {
        auto did = happened(**connection);
        if (did.ok() && *did) return Status::Ok();
        status = did.status();
        if (did.ok()) unknown = false;
      } else {
        status = connection.status();
      }
    }
    if (status.ok()) status = Try(work, &unknown);
    if (status.ok() || !MayBeRetried(status) || tries == kTriesMost) return status;
    Log(LogLevel::kInfo, "trying a transaction again: {}", status.ToString());
    Pause(pause, stop_);
    pause *= 2;
  }
}

}  // namespace millrace
