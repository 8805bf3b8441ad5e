// What StreamTarget does before anything is written: it takes the table over.

#include "base/log.h"
#include "connector/meta_column.h"
#include "destinations/postgres/stream_target.h"

namespace millrace {
namespace {

/// Transaction ids come back after 2^32: an older one can't be told from a newer one by its rows.
constexpr int64_t kTransactionsMost = int64_t{1} << 31;

Result<std::string> NameOfOid(PgConnection& connection, uint32_t oid) {
  MR_ASSIGN_OR_RETURN(
      const PgRows rows,
      connection.Query("SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM "
                       "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1",
                       {std::to_string(oid)}));
  return rows.num_rows() == 0 ? std::string() : rows.Text(0, 0);
}

/// Removes the rows of one commit whose state was not saved.
Status WithdrawCommit(PgConnection& connection, const TableName& table, const CommitNote& note) {
  MR_ASSIGN_OR_RETURN(const std::string name, NameOfOid(connection, note.table_oid));
  if (name.empty()) return Status::Ok();  // dropped since, and the rows with it
  if (note.kind == CommitNote::Kind::kCreated) {
    // Nothing was there before it, and what came after it is withdrawn too.
    return connection.Execute("DELETE FROM " + name);
  }
  MR_ASSIGN_OR_RETURN(const PgRows now, connection.Query("SELECT txid_current()"));
  if (now.Int(0, 0) - note.transaction > kTransactionsMost) {
    return SystemError(
        "rows of checkpoint {} in {} are too old to be withdrawn; clear the stream's data and sync "
        "again",
        note.checkpoint, table.ToString());
  }
  MR_ASSIGN_OR_RETURN(const int64_t removed, RemoveInserted(connection, name, note.transaction));
  if (removed > note.rows) {
    return SystemError(
        "{} rows of {} look as if checkpoint {} had inserted them, which inserted {}; nothing was "
        "removed. Was the database restored from a dump? Clear the stream's data and sync again",
        removed, table.ToString(), note.checkpoint, note.rows);
  }
  if (removed < note.rows) {
    Log(LogLevel::kWarn,
        "table {}: {} of the {} rows that checkpoint {} inserted, whose state was not saved, were "
        "changed or removed by somebody else; they may now be there twice",
        table.ToString(), note.rows - removed, note.rows, note.checkpoint);
  }
  return Status::Ok();
}

}  // namespace

Status StreamTarget::CheckOwner(const TableNote& note, const ExistingTable& table) const {
  if (table.kind != 'r') {
    return ConfigError("{} is not an ordinary table; rename it or choose another schema",
                       table_.ToString());
  }
  const bool airbytes =
      table.Find(kRawIdColumn) != nullptr || table.Find("_airbyte_ab_id") != nullptr;
  if (!note.connection.empty() || airbytes || !stream_.replaces_table()) return Status::Ok();
  return ConfigError(
      "the table {} exists and was not made by a sync; rename or drop it, or choose another schema "
      "or table prefix",
      table_.ToString());
}

Status StreamTarget::Withdraw(PgConnection& connection) {
  MR_ASSIGN_OR_RETURN(const auto commits, ledger_.Commits(connection, table_));
  // The newest first: a table that a commit made is emptied last.
  for (auto note = commits.rbegin(); note != commits.rend(); ++note) {
    const bool unsaved = note->epoch == context_.epoch && note->checkpoint > context_.last_saved;
    if (!unsaved || note->kind == CommitNote::Kind::kMerged) continue;
    MR_RETURN_IF_ERROR(WithdrawCommit(connection, table_, *note));
  }
  // What is left is saved, or of another epoch: never withdrawn.
  return commits.empty() ? Status::Ok() : ledger_.ForgetCommits(connection, table_);
}

Status StreamTarget::DropOldStages(PgConnection& connection, const std::string& keep) {
  MR_ASSIGN_OR_RETURN(
      const PgRows stages,
      connection.Query("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = "
                       "c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r' AND "
                       "left(c.relname, length($2)) = $2 AND c.relname <> $3",
                       {ledger_.schema(), stage_prefix_, keep}));
  for (int row = 0; row < stages.num_rows(); ++row) {
    MR_RETURN_IF_ERROR(DropTable(connection, {ledger_.schema(), stages.Text(row, 0)}));
  }
  return Status::Ok();
}

bool StreamTarget::CanGoOn(const TableNote& note) const {
  return stream_.continues() && note.next_epoch == context_.epoch &&
         note.next_generation == stream_.generation_id && context_.last_saved > 0;
}

Status StreamTarget::Recover(PgConnection& connection) {
  MR_ASSIGN_OR_RETURN(TableNote note, ledger_.LockFor(connection, table_, context_.fencing_token));
  MR_ASSIGN_OR_RETURN(const auto existing, FindTable(connection, table_));
  if (existing) MR_RETURN_IF_ERROR(CheckOwner(note, *existing));
  if (!note.connection.empty() && note.connection != context_.connection) {
    Log(LogLevel::kWarn,
        "stream {}: the connection {} wrote the table {} before; use another prefix, namespace or "
        "schema, unless both shall",
        stream_.descriptor().ToString(), note.connection, table_.ToString());
  }
  ours_ = !existing || !note.connection.empty() || existing->Find(kRawIdColumn) != nullptr;
  MR_RETURN_IF_ERROR(Withdraw(connection));

  // A generation that was shown already goes on where the saved states end.
  const bool shown = existing && stream_.continues() && note.epoch == context_.epoch &&
                     note.generation == stream_.generation_id;
  replacing_ = stream_.replaces_table() && !shown;
  // A table that never got a row has no note; the stream's own one speaks for all.
  has_commits_ = CanGoOn(note) || stream_.derived_from.has_value();
  if (!CanGoOn(note) || !(replacing_ || appends_hidden())) note.next_table.clear();
  if (!CanGoOn(note)) note.next_epoch.clear();
  MR_RETURN_IF_ERROR(DropOldStages(connection, note.next_table));
  next_table_ = note.next_table;
  {
    std::lock_guard lock(mutex_);
    landed_exists_ = replacing_ || appends_hidden() ? !next_table_.empty() : existing.has_value();
  }
  newest_ = context_.last_saved;
  note.connection = context_.connection;
  note.fencing_token = context_.fencing_token;
  return ledger_.Store(connection, table_, note);
}

}  // namespace millrace
