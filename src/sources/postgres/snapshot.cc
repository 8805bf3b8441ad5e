#include "sources/postgres/snapshot.h"

#include "clients/postgres/pg_error.h"
#include "clients/postgres/sql_text.h"

namespace millrace {
namespace {

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* kInvalidParameter = "22023";  // SQLSTATE: among others, no such snapshot

}  // namespace

Result<std::unique_ptr<Snapshot>> Snapshot::Take(ConnectionPool& pool, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(auto holder, pool.Acquire(stop));
  MR_RETURN_IF_ERROR(holder->Execute(kBegin, stop));
  auto exported = holder->Query("SELECT pg_catalog.pg_export_snapshot()", {}, stop);
  if (!exported.ok()) return exported.status().WithContext("exporting a snapshot");
  std::string id = exported->Text(0, 0);
  return std::unique_ptr<Snapshot>(new Snapshot(pool, std::move(holder), std::move(id)));
}

Result<std::unique_ptr<Snapshot::Reader>> Snapshot::Enter(std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(auto lease, pool_.Acquire(stop));
  auto reader = std::make_unique<Reader>(std::move(lease));
  const Status entered = reader->connection().Execute(
      fmt::format("{}; SET TRANSACTION SNAPSHOT {}", kBegin, QuoteLiteral(id_)), stop);
  if (SqlStateOf(entered) == kInvalidParameter) {
    return TransientError(
        "the snapshot that the sync reads is gone: its connection to the server was lost (on a "
        "standby, perhaps by a conflict with recovery: see hot_standby_feedback)");
  }
  MR_RETURN_IF_ERROR(entered);
  return reader;
}

Snapshot::Reader::~Reader() {
  // Whatever went wrong shows in the connection, which the pool then drops.
  if (lease_->usable()) (void)lease_->Execute("ROLLBACK").ok();
}

Status Snapshot::Lock(const PostgresTable& table, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  // A refused lock must not spoil the transaction that holds the snapshot.
  const Status locked =
      holder_->Execute(fmt::format("SAVEPOINT before_lock; LOCK TABLE {} IN ACCESS SHARE MODE; "
                                   "RELEASE SAVEPOINT before_lock",
                                   QualifiedName(table.schema, table.name)),
                       stop);
  if (!locked.ok() && holder_->usable()) {
    MR_RETURN_IF_ERROR(holder_->Execute("ROLLBACK TO SAVEPOINT before_lock", stop));
  }
  return locked;
}

}  // namespace millrace
